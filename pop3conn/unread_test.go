package pop3conn_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/pop3conn"
)

// TestUnread leaves messages unread in both ways: what is short enough is read
// past, what is too long ends the session.
func TestUnread(t *testing.T) {
	const bound = 64 << 10
	for _, rest := range []int{0, 1, bound - 2, 3 * bound} {
		for name, leave := range map[string]func(*pop3conn.Message, *pop3conn.Client) error{
			"Close":   func(r *pop3conn.Message, c *pop3conn.Client) error { return r.Close() },
			"command": func(r *pop3conn.Message, c *pop3conn.Client) error { return c.Noop(ctx) },
			"next":    func(r *pop3conn.Message, c *pop3conn.Client) error { _, err := c.Retr(ctx, 2); return err },
		} {
			what := fmt.Sprintf("%s with %d left", name, rest)
			conn := answering(0, "+OK\r\n..head\r\n"+strings.Repeat("x", rest)+"\r\n.\r\n", "+OK\r\n.\r\n", "+OK\r\n")
			c := mustBegin(t, conn)
			r, err := c.Retr(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			io.ReadFull(r, make([]byte, len(".head\r\n")))
			err = leave(r, c)
			if short := rest < bound; short != (err == nil) || short == conn.closed {
				t.Errorf("%s: %v, closed %v", what, err, conn.closed)
			}
			if n, err := r.Read(make([]byte, 10)); n > 0 || err == nil || err == io.EOF {
				t.Errorf("%s: then Read %d, %v", what, n, err)
			}
			if again := r.Close(); again != nil {
				t.Errorf("%s: then Close: %v", what, again)
			}
			if name == "command" {
				continue
			}
			if noop := c.Noop(ctx); (noop == nil) != (err == nil) {
				t.Errorf("%s: then NOOP %v", what, noop)
			}
		}
	}
}

// TestCutShortUnread: a message that is left unread and never ends is not one
// that was read past.
func TestCutShortUnread(t *testing.T) {
	c := mustBegin(t, answering(0, "+OK\r\nhalf"))
	r, err := c.Retr(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Close: %v", err)
	}
}

// TestReadAfterClose: a session that is over yields nothing more, not even what
// is in its buffer.
func TestReadAfterClose(t *testing.T) {
	c := mustBegin(t, answering(0, "+OK\r\na\r\nb\r\n.\r\n"))
	r, err := c.Retr(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if n, err := r.Read(make([]byte, 10)); n > 0 || err == nil || err == io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}
