package interop

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// patience bounds waits for what a server does by itself.
const patience = 20 * time.Second

// TestIMAP works in a mailbox over two sessions: what one appends the other
// hears of in IDLE and fetches.
func TestIMAP(t *testing.T) {
	atMailboxes(t, func(t *testing.T, c client) {
		exists := make(chan uint32, 10)
		handler := &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				exists <- *data.NumMessages
			}
		}}
		reader := must(c.imap(policy.RequiredSTARTTLS, imapconn.Options{UnilateralDataHandler: handler}))(t)
		defer reader.Close()
		before := must(reader.Select("INBOX", nil).Wait())(t).NumMessages
		idle := must(reader.Idle())(t)

		writer := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
		text := letter("idle")
		appendTo(t, writer, "INBOX", text)
		logout(t, writer)

		hear(t, exists, before+1)
		if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
			t.Fatal(err)
		}
		if got := fetch(t, reader, before+1); got != text {
			t.Errorf("fetched %q\nappended %q", got, text)
		}
		logout(t, reader)
	})
}

// hear waits for the news that there are so many messages.
func hear(t *testing.T, exists <-chan uint32, want uint32) {
	t.Helper()
	select {
	case n := <-exists:
		if n != want {
			t.Errorf("%d messages, not %d", n, want)
		}
	case <-time.After(patience):
		t.Fatal("IDLE says nothing of the message")
	}
}

func appendTo(t *testing.T, c *imapconn.Client, mailbox, text string) {
	t.Helper()
	if err := tryAppend(c, mailbox, text); err != nil {
		t.Fatal(err)
	}
}

// tryAppend closes the command whatever happened: go-imap holds the connection
// for it until then.
func tryAppend(c *imapconn.Client, mailbox, text string) error {
	command := c.Append(mailbox, int64(len(text)), nil)
	_, err := command.Write([]byte(text))
	if closed := command.Close(); err == nil {
		err = closed
	}
	if _, refused := command.Wait(); refused != nil {
		return refused
	}
	return err
}

// fetch returns a message of the selected mailbox.
func fetch(t *testing.T, c *imapconn.Client, n uint32) string {
	t.Helper()
	section := &imap.FetchItemBodySection{Peek: true}
	options := &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}
	all := must(c.Fetch(imap.SeqSetNum(n), options).Collect())(t)
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	return string(bytes.TrimSpace(all[0].FindBodySection(section))) + "\r\n\r\n"
}

func logout(t *testing.T, c *imapconn.Client) {
	t.Helper()
	if err := c.Logout().Wait(); err != nil {
		t.Error(err)
	}
	c.Close()
}
