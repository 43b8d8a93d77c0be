package behind

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// tape is a connection whose server greets, says all it has to say when the client has
// sent its commands, and leaves.
type tape struct {
	net.Conn
	greeting, said io.Reader
	sent           chan struct{}
	closed         sync.Once
}

func newTape(said []byte) *tape {
	return &tape{greeting: strings.NewReader("* OK [CAPABILITY IMAP4rev1 SORT QUOTA ACL METADATA ID MOVE UIDPLUS ENABLE] x\r\n"), said: bytes.NewReader(said), sent: make(chan struct{})}
}

func (c *tape) Read(p []byte) (int, error) {
	if n, _ := c.greeting.Read(p); n > 0 {
		return n, nil
	}
	<-c.sent
	return c.said.Read(p)
}
func (c *tape) Write(p []byte) (int, error)      { return len(p), nil }
func (c *tape) Close() error                     { c.closed.Do(func() { close(c.sent) }); return nil }
func (c *tape) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *tape) SetDeadline(time.Time) error      { return nil }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }

// asked sends a command of each kind, and returns the errors that they end with.
func asked(c *imapconn.Client) <-chan error {
	one := imap.SeqSet{{Start: 1, Stop: 0}}
	waits := []func() error{
		last(c.Select("INBOX", nil).Wait),
		last(c.Fetch(one, nil).Collect),
		last(c.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, nil).Collect),
		last(c.List("", "*", nil).Collect),
		last(c.Status("INBOX", nil).Wait),
		last(c.Search(&imap.SearchCriteria{}, nil).Wait),
		last(c.UIDSearch(&imap.SearchCriteria{}, nil).Wait),
		last(c.Sort(&imapclient.SortOptions{SearchCriteria: &imap.SearchCriteria{}}).Wait),
		last(c.Thread(&imapclient.ThreadOptions{Algorithm: "X", SearchCriteria: &imap.SearchCriteria{}}).Wait),
		last(c.Namespace().Wait),
		last(c.GetQuotaRoot("INBOX").Wait),
		last(c.GetACL("INBOX").Wait),
		last(c.MyRights("INBOX").Wait),
		last(c.GetMetadata("INBOX", nil, nil).Wait),
		last(c.ID(nil).Wait),
		last(c.Expunge().Collect),
		last(c.Move(imap.SeqSetNum(1), "x").Wait),
		last(c.Capability().Wait),
		c.Noop().Wait,
	}
	failed := make(chan error, len(waits))
	var running sync.WaitGroup
	for _, wait := range waits {
		running.Go(func() { failed <- wait() })
	}
	go func() {
		running.Wait()
		close(failed)
	}()
	return failed
}

func last[T any](f func() (T, error)) func() error {
	return func() error {
		_, err := f()
		return err
	}
}

// checkSession fails if what a server says makes a session hang, or end otherwise than
// with a reason.
func checkSession(t *testing.T, said []byte) {
	raw := newTape(said)
	conn, err := new(dial.Dialer).NewConn(t.Context(), raw, dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapconn.New(t.Context(), conn, &imapconn.Options{Notice: func(imapconn.Notice) {}})
	if err != nil {
		t.Fatal(err)
	}
	failed := asked(c)
	raw.closed.Do(func() { close(raw.sent) })
	hang := time.NewTimer(time.Minute)
	defer hang.Stop()
	for open := true; open; {
		select {
		case err, open = <-failed:
			var over *dial.Error
			var refused *imap.Error
			if err != nil && !errors.As(err, &over) && !errors.As(err, &refused) {
				t.Errorf("untyped: %v", err)
			}
		case <-hang.C:
			t.Fatal("it hangs")
		}
	}
	if over := end(c.Err()); over == "" || over == "untyped" || over == "other" {
		t.Errorf("the session ends: %v", c.Err())
	}
	c.Close()
}

// words returns what the server of a case says, as far as it says it once.
func (c *testCase) words() (b []byte) {
	for _, r := range c.rules {
		for _, s := range r.steps {
			b = append(b, strings.ReplaceAll(s.text, "<t>", "T1")...)
		}
	}
	return b
}

// FuzzSession looks for words of a server that make go-imap's client hang, spin or race,
// or die without a reason, through the reader.
func FuzzSession(f *testing.F) {
	for _, folder := range []string{"odd", "hostile"} {
		for _, c := range cases(f, folder) {
			f.Add(c.words())
		}
	}
	f.Fuzz(checkSession)
}
