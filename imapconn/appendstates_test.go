package imapconn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/imapconn"
)

// event is something that happens during a loop.
type event func(net.Conn, context.CancelFunc, *imapconn.Client)

// checkStates runs a loop during which something happens when so many bytes have passed,
// and fails if what is said of a message is not so. It reports whether it has happened.
func checkStates(t *testing.T, caps string, bytes int, happens event) (happened bool) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &appendServer{caps: caps}
	var c *imapconn.Client
	c, end := s.session(t, nil, func(conn net.Conn) net.Conn {
		return &tripwire{Conn: conn, left: bytes, trip: func(conn net.Conn) {
			happened = true
			happens(conn, cancel, c)
		}}
	})
	contents := []string{"one", "two", "three"}
	state := make(map[string]string)
	for a, err := range c.AppendEach(ctx, "INBOX", appends(contents)) {
		var failed *imapconn.AppendError
		switch {
		case errors.As(err, &failed) && failed.InDoubt:
			state[contents[failed.Index]] = "in doubt"
		case errors.As(err, &failed):
			state[contents[failed.Index]] = "not there"
		case err == nil:
			state[contents[len(state)]] = fmt.Sprint("there, UID ", a.UID)
		}
	}
	if c.Err() == nil {
		if err := c.Noop().Wait(); err != nil && ctx.Err() != nil {
			t.Errorf("%s, after %d bytes: the session stands, and does not go on: %v", caps, bytes, err)
		}
	}
	end()
	for i, content := range contents {
		stored := slices.Contains(s.stored, content)
		if got := state[content]; got == "" || stored && got == "not there" || !stored && strings.HasPrefix(got, "there") ||
			strings.HasPrefix(got, "there") && got != fmt.Sprint("there, UID ", i+1) {
			t.Errorf("%s, after %d bytes: message %d is %s, and stored: %t", caps, bytes, i, got, stored)
		}
	}
	return happened
}

// Wherever a session is cut, aborted or cancelled, what is said of each message is so.
func TestAppendEachStates(t *testing.T) {
	for name, happens := range map[string]event{
		"cut":       func(conn net.Conn, _ context.CancelFunc, _ *imapconn.Client) { conn.Close() },
		"cancelled": func(_ net.Conn, cancel context.CancelFunc, _ *imapconn.Client) { cancel() },
		"aborted":   func(_ net.Conn, _ context.CancelFunc, c *imapconn.Client) { c.Abort() },
	} {
		for _, caps := range []string{nonSync, multi, lockStep, "MULTIAPPEND"} {
			t.Run(name+" "+caps, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					greeting := len("* PREAUTH [CAPABILITY IMAP4rev1 ] ready\r\n") + len(caps)
					n := greeting + 1
					for checkStates(t, caps, n, happens) {
						n++
					}
					if n-greeting < 150 {
						t.Errorf("only %d places", n-greeting)
					}
				})
			})
		}
	}
}

// Messages that were refused together, by a server that leaves before they are sent again,
// are not there, and are not said to be.
func TestAppendEachIsRefusedAtTheEnd(t *testing.T) {
	for name, read := range map[string]int{"in the middle": 0, "behind all": 2} {
		synctest.Test(t, func(t *testing.T) {
			content := strings.Repeat("x", 100<<10)
			c := piped(t, multi, nil, func(r *bufio.Reader, w net.Conn) {
				tag, _ := nextCommand(r)
				for range read {
					io.ReadFull(r, make([]byte, len(content)))
					nextCommand(r)
				}
				fmt.Fprintf(w, "%s NO [OVERQUOTA] full\r\n", tag)
				w.Close()
			})
			var refused int
			var last error
			for _, err := range c.AppendEach(t.Context(), "INBOX", appends([]string{content, content})) {
				var failed *imapconn.AppendError
				if last = err; errors.As(err, &failed) && !failed.InDoubt {
					refused++
				}
			}
			if refused != 2 || last == nil {
				t.Errorf("%s: of 2 messages %d are not appended, and the loop's last error is %v", name, refused, last)
			}
		})
	}
}
