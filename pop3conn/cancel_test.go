package pop3conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/pop3conn"
)

// TestCancel ends the context at every step of a session's beginning, and
// leaves nothing behind: the bubble would not end.
func TestCancel(t *testing.T) {
	for _, steps := range [][]string{
		{"S: +OK", "C: CAPA"},
		{"S: +OK", "C: CAPA", "S: +OK", "S: USER"},
		{"S: +OK", "C: CAPA", "S: -ERR", "C: USER user"},
		{"S: +OK", "C: CAPA", "S: -ERR", "C: USER user", "S: +OK", "C: PASS " + canary},
		{"S: +OK", "C: CAPA", "S: +OK", "S: SASL LOGIN", "S: .", "C: AUTH LOGIN"},
		{"S: +OK", "C: CAPA", "S: +OK", "S: SASL LOGIN", "S: .", "C: AUTH LOGIN", "S: +", "C: " + b64("user")},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			conn := play(t, steps...)
			time.AfterFunc(time.Second, cancel)
			o := &pop3conn.Options{Auth: cleartext(), Dialer: &dial.Dialer{NetDialer: brought{conn}}}
			start := time.Now()
			_, err := pop3conn.Dial(ctx, clear(), o)
			var where *dial.Error
			if !errors.As(err, &where) || !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
				t.Errorf("behind %q: %v", steps[len(steps)-1], err)
			}
			if _, err := conn.Write([]byte("x")); err == nil {
				t.Error("connection is open")
			}
		})
	}
}

// TestContextAfterwards: the context of Dial is nothing to the session.
func TestContextAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		d := &dial.Dialer{NetDialer: brought{play(t, with(old(), "C: NOOP", "S: +OK")...)}, Timeout: time.Second}
		c, err := pop3conn.Dial(ctx, clear(), &pop3conn.Options{Dialer: d})
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		time.Sleep(time.Hour)
		if err := noop(c); err != nil {
			t.Error(err)
		}
		c.Close()
	})
}

// TestAbort ends a command that is waiting, from another goroutine.
func TestAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustBegin(t, play(t, with(old(), "C: RETR 1", "S: +OK", "S: a")...))
		r, err := c.Retr(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			synctest.Wait()
			c.Abort()
			c.Err()
			c.Security()
		}()
		if _, err := io.ReadAll(r); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("read: %v", err)
		}
		if err := c.Noop(ctx); err == nil {
			t.Error("session goes on")
		}
		if err := c.Err(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Err after Abort: %v", err)
		}
	})
}
