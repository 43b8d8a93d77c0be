package imapconn_test

import (
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/imapconn"
)

// Loops and commands of go-imap's client share a session: each loop fetches and appends
// what it says.
func TestLoopsBesideCommands(t *testing.T) {
	texts := append(testMessages(300, 700), testMessages(4, 150<<10)...)
	s, c := mailbox(t, texts...)
	for i := range 2 {
		if err := c.Create(archive(i), nil).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	var commands, loops sync.WaitGroup
	var over atomic.Bool
	for i := range 8 {
		commands.Go(func() {
			for n := 0; !over.Load(); n++ {
				if err := oneCommand(c, i+n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 4 {
		loops.Go(func() { fetchAll(t, c, texts) })
	}
	for i := range 2 {
		loops.Go(func() { appendAll(t, c, s.Store(), archive(i), texts) })
	}
	loops.Wait()
	over.Store(true)
	commands.Wait()
}

// fetchAll fetches the mailbox, which has texts.
func fetchAll(t *testing.T, c *imapconn.Client, texts []string) {
	n := 0
	for m, err := range c.FetchEach(t.Context(), all(), &imapconn.FetchOptions{Batch: 50}) {
		if err != nil {
			t.Error(err)
			return
		}
		text, err := io.ReadAll(m)
		if err != nil || string(text) != texts[n] {
			t.Errorf("message %d: %d bytes, %v", m.UID, len(text), err)
		}
		n++
	}
	if n != len(texts) {
		t.Errorf("%d messages, want %d", n, len(texts))
	}
}

// appendAll appends texts to a mailbox that is empty.
func appendAll(t *testing.T, c *imapconn.Client, store *mailstore.Store, mailbox string, texts []string) {
	n := 0
	for a, err := range c.AppendEach(t.Context(), mailbox, appends(texts)) {
		if n++; err != nil || int(a.UID) != n {
			t.Errorf("message %d: %v %v", n, a, err)
			return
		}
	}
	there := store.Mailbox(mailbox).Messages()
	if n != len(texts) || len(there) != n {
		t.Errorf("%d told, %d there", n, len(there))
	}
	for i, m := range there {
		if m.Text != texts[i] {
			t.Errorf("%s has %d bytes as message %d", mailbox, len(m.Text), i)
		}
	}
}

func archive(i int) string { return "archive" + string('A'+rune(i)) }

// oneCommand sends a command of one kind or another.
func oneCommand(c *imapconn.Client, kind int) error {
	switch kind % 6 {
	case 0:
		return c.Noop().Wait()
	case 1:
		_, err := c.Fetch(imap.SeqSetNum(1, 2, 3), &imap.FetchOptions{Flags: true, UID: true}).Collect()
		return err
	case 2:
		_, err := c.UIDSearch(&imap.SearchCriteria{Body: []string{"nothing"}}, nil).Wait()
		return err
	case 3:
		return c.Store(imap.UIDSetNum(imap.UID(1+kind%50)), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
	case 4:
		_, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait()
		return err
	}
	_, err := c.Fetch(imap.UIDSetNum(5), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect()
	return err
}

// Whatever is under way when a session is aborted comes to its end.
func TestLoopsAndAbort(t *testing.T) {
	rounds := 4
	if os.Getenv("MAILCONN_FULL") != "" {
		rounds = 200
	}
	texts := testMessages(200, 3000)
	before := runtime.NumGoroutine()
	for range rounds {
		s, c := mailbox(t, texts...)
		if err := c.Create("archive", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		for i := range 4 {
			running.Go(func() {
				for n := 0; oneCommand(c, i+n) == nil; n++ {
				}
			})
			running.Go(func() { fetchUntilTheEnd(t, c, i == 0) })
		}
		running.Go(func() {
			for c.Err() == nil {
				for _, err := range c.AppendEach(t.Context(), "archive", appends(texts[:20])) {
					if err != nil && c.Err() == nil {
						t.Error(err)
					}
				}
			}
		})
		running.Wait()
		s.Close()
	}
	left(t, before)
}

// fetchUntilTheEnd fetches the mailbox until the session ends. If aborts, it ends the
// session in the middle.
func fetchUntilTheEnd(t *testing.T, c *imapconn.Client, aborts bool) {
	for c.Err() == nil {
		for m, err := range c.FetchEach(t.Context(), all(), &imapconn.FetchOptions{Batch: 20}) {
			if err != nil && c.Err() == nil {
				t.Error(err)
			}
			if aborts && m.UID == 150 {
				c.Abort()
			}
		}
	}
}
