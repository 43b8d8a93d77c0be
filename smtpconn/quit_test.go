package smtpconn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// What a server does in reply to QUIT is no error: the mail was taken before, and the
// session has ended.
func TestQuitAfterMail(t *testing.T) {
	for name, answer := range map[string]string{
		"221": "221 bye", "250": "250 ok", "421": "421 4.3.2 going", "500": "500 what", "rubbish": "\x00\x16hello", "many": "221-a\r\n221 b\r\n221 c", "hangs up": "", "endless": strings.Repeat("221-x\r\n", 1000),
	} {
		synctest.Test(t, func(t *testing.T) {
			r := with(all...)
			r.quit = func() {
				if answer != "" {
					go io.WriteString(r.conn, answer+"\r\n")
					synctest.Wait()
				}
				r.conn.Close()
			}
			c, hangUp := dialRelay(t, r, nil)
			defer hangUp()
			if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); err != nil {
				t.Fatal(err)
			}
			if err := c.Quit(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !errors.Is(c.Err(), net.ErrClosed) && name != "421" && name != "rubbish" && name != "hangs up" && name != "endless" {
				t.Errorf("%s: %v", name, c.Err())
			}
		})
	}
}

// A server that does not answer QUIT has until the context, or ReplyTimeout; one that
// does not hang up is left a second later.
func TestQuitWaits(t *testing.T) {
	for name, k := range map[string]struct {
		answer string
		limit  time.Duration // of the context
		want   error
		took   time.Duration
	}{
		"silent":           {"", time.Minute, context.DeadlineExceeded, time.Minute},
		"does not hang up": {"221 bye\r\n", time.Minute, nil, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := with(all...)
			r.quit = func() {
				io.WriteString(r.conn, k.answer)
				io.Copy(io.Discard, r.conn)
			}
			c, hangUp := dialRelay(t, r, nil)
			defer hangUp()
			ctx, cancel := context.WithTimeout(t.Context(), k.limit)
			defer cancel()
			begin := time.Now()
			if err := c.Quit(ctx); !errors.Is(err, k.want) || time.Since(begin) != k.took {
				t.Errorf("%s: %v after %v", name, err, time.Since(begin))
			}
		})
	}
	c, hangUp := dialRelay(t, with(all...), nil)
	defer hangUp()
	//lint:ignore SA1012 that is what is tested
	if err := c.Quit(nil); err == nil || c.Err() != nil {
		t.Errorf("nil context: %v", err)
	}
}

// Err tells why a session has ended, once, and the errors of calls hold it.
func TestErr(t *testing.T) {
	for name, k := range map[string]struct {
		answer string // to NOOP
		is     func(err error) bool
	}{
		"farewell": {"421 4.3.2 going", func(err error) bool {
			var f *dial.Farewell
			return errors.As(err, &f) && strings.Contains(f.Reply, "4.3.2 going")
		}},
		"reply too many": {"250 ok\r\n250 ok", func(err error) bool {
			var v *policy.Violation
			return errors.As(err, &v) && v.Reason == policy.ErrInjected && v.Policy == policy.NoTLS
		}},
		"rubbish": {"what", func(err error) bool { return errors.Is(err, policy.ErrMalformed) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := with(all...)
			r.answer = func(_ int, command, usual string) string {
				if command == "NOOP" {
					return k.answer
				}
				return usual
			}
			c, hangUp := dialRelay(t, r, nil)
			defer hangUp()
			if c.Err() != nil {
				t.Error(c.Err())
			}
			c.Noop()
			synctest.Wait()
			_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
			var ended *dial.Error
			if !errors.As(err, &ended) || ended != c.Err() || ended.Phase != dial.PhaseSession || !k.is(c.Err()) {
				t.Errorf("%s: %v; %v", name, c.Err(), err)
			}
		})
	}
	c, hangUp := dialRelay(t, with(all...), nil)
	defer hangUp()
	if c.Abort(); !errors.Is(c.Err(), net.ErrClosed) {
		t.Error(c.Err())
	}
}
