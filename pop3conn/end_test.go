package pop3conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// cause is what an error of a session's end says.
type cause struct {
	farewell, violation, cut, timeout, canceled, ours, network bool
}

func causeOf(err error) (c cause) {
	var left *dial.Farewell
	var broken *policy.Violation
	return cause{
		farewell:  errors.As(err, &left),
		violation: errors.As(err, &broken),
		cut:       errors.Is(err, io.ErrUnexpectedEOF),
		timeout:   errors.Is(err, os.ErrDeadlineExceeded),
		canceled:  errors.Is(err, context.Canceled),
		ours:      errors.Is(err, net.ErrClosed),
		network:   errors.Is(err, syscall.ECONNRESET),
	}
}

// broken is a connection whose reads fail from the moment at which it breaks.
type broken struct {
	net.Conn
	err chan error // buffered
}

func (b *broken) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	select {
	case broken := <-b.err:
		return n, &net.OpError{Op: "read", Net: "tcp", Err: broken}
	default:
		return n, err
	}
}

// TestEnds ends sessions in every way. The call that meets the end, all later ones and
// Err have the same error, which says what it was.
func TestEnds(t *testing.T) {
	none := func(*pop3conn.Client, *broken, net.Conn) {}
	for name, tt := range map[string]struct {
		script []string
		during func(*pop3conn.Client, *broken, net.Conn) // another goroutine
		want   cause
		temp   bool
		hint   bool
	}{
		"closed":       {[]string{"ANY", "CLOSE"}, none, cause{farewell: true}, true, true},
		"closed early": {[]string{"CLOSE"}, none, cause{farewell: true}, true, true},
		"half a line":  {[]string{"ANY", "R: +O", "CLOSE"}, none, cause{farewell: true, cut: true}, true, true},
		"half a list":  {[]string{"ANY", "R: +OK\r\n1 a\r\n", "CLOSE"}, none, cause{farewell: true}, true, true},
		"garbage":      {[]string{"ANY", "S: what"}, none, cause{violation: true}, false, true},
		"unasked":      {[]string{"S: +OK"}, none, cause{violation: true}, false, true},
		"too long":     {[]string{"ANY", "R: +OK " + strings.Repeat("x", 9<<10)}, none, cause{violation: true}, false, true},
		"silence":      {[]string{"ANY"}, none, cause{timeout: true}, true, true},
		"half silence": {[]string{"ANY", "R: +OK\r\n1 a"}, none, cause{timeout: true}, true, true},
		"Abort":        {[]string{"ANY"}, func(c *pop3conn.Client, _ *broken, _ net.Conn) { time.Sleep(time.Second); c.Abort() }, cause{ours: true}, false, false},
		"reset": {[]string{"ANY"}, func(_ *pop3conn.Client, b *broken, s net.Conn) {
			time.Sleep(time.Second)
			b.err <- syscall.ECONNRESET
			s.Close()
		}, cause{network: true}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				b := &broken{client, make(chan error, 1)}
				done := make(chan struct{})
				go func() {
					defer close(done)
					run(server, with(old(), with([]string{"C: NOOP", "S: +OK"}, tt.script...)...))
					server.Close()
				}()
				c, err := begin(b, &pop3conn.Options{ReplyTimeout: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(noop(c), c.Err()); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				go tt.during(c, b, server)
				_, err = c.UIDLAll(ctx)
				var ended *dial.Error
				if !errors.As(err, &ended) || ended.Phase != dial.PhaseSession || ended.Endpoint.Protocol != policy.POP3 {
					t.Fatalf("%v", err)
				}
				if got := causeOf(err); got != tt.want || ended.Temporary() != tt.temp || ended.Timeout() != tt.want.timeout {
					t.Errorf("%+v, temporary %v: %v", got, ended.Temporary(), err)
				}
				if tt.hint && ended.Hint() == "" || strings.Contains(err.Error(), "closed network") {
					t.Errorf("%v\n%q", err, ended.Hint())
				}
				c.Abort()
				c.Close()
				if c.Err() != err || noop(c) != err {
					t.Errorf("then %v", c.Err())
				}
				<-done
			})
		})
	}
}

// TestErrOfOwnEnds: Err tells what the program did, also while nothing waits.
func TestErrOfOwnEnds(t *testing.T) {
	for name, end := range map[string]func(*pop3conn.Client) error{
		"QUIT": quit, "closed": (*pop3conn.Client).Close, "aborted": (*pop3conn.Client).Abort,
	} {
		c := mustBegin(t, answering(0, "+OK\r\n"))
		if err := errors.Join(c.Err(), end(c)); err != nil {
			t.Error(err)
		}
		var ended *dial.Error
		if err := c.Err(); !errors.As(err, &ended) || causeOf(err) != (cause{ours: true}) || ended.Temporary() || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTexts: whatever a server says, no error of a session is longer than 512 bytes or
// has anything in it that cannot be printed; joined errors neither.
func TestTexts(t *testing.T) {
	for _, hostile := range []string{"\x1b[2J", "\u202e\u2066", "\xff\xfe", "a\tb\x7f", strings.Repeat("long ", 1000), strings.Repeat("\u00fc", 3000)} {
		box := &mailbox{caps: pipelining, letters: letters(40, 10), odd: map[string]string{}}
		for i := range 40 {
			box.odd[fmt.Sprint("DELE ", i+1)] = "-ERR " + hostile + "\r\n"
			box.odd[fmt.Sprint("RETR ", i+1)] = "-ERR [X] " + hostile + "\r\n"
		}
		box.odd["LIST"], box.odd["UIDL"] = "-ERR "+hostile+"\r\n", "-ERR "+hostile+"\r\n"
		box.odd["QUIT"], box.odd["CAPA"] = "-ERR "+hostile+"\r\n", "+OK\r\nPIPELINING\r\n"+hostile+"\r\n.\r\n"
		box.odd["NOOP"] = hostile + "\r\n"
		synctest.Test(t, func(t *testing.T) {
			_, c := dialFar(t, box, nil)
			_, err1 := c.Index(ctx)
			_, err2 := c.DeleEach(ctx, listings(40))
			errs := []error{err1, err2}
			for _, err := range c.RetrEach(ctx, listings(2)) {
				errs = append(errs, err)
			}
			_, quitter := dialFar(t, box, nil)
			errs = append(errs, noop(c), quit(c), c.Err(), quit(quitter))
			odd := func(r rune) bool { return !unicode.IsPrint(r) && r != unicode.ReplacementChar }
			for i, err := range errs {
				if err == nil || len(err.Error()) > 512 || strings.ContainsFunc(err.Error(), odd) {
					t.Errorf("%.10q, error %d: %v", hostile, i, err)
				}
			}
			var refused *pop3conn.Error
			if !errors.As(err2, &refused) || !errors.Is(errs[len(errs)-1], pop3conn.ErrNotConfirmed) {
				t.Errorf("%v", err2)
			}
		})
	}
}

// timeless is a connection without deadlines, as of a tunnel.
type timeless struct{ net.Conn }

func (timeless) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (timeless) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (timeless) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// TestNoDeadlines: the limits hold on a connection that has no deadlines.
func TestNoDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go run(server, with(old(), "C: NOOP", "S: +OK", "C: NOOP"))
		c, err := begin(timeless{client}, &pop3conn.Options{ReplyTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if err := noop(c); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := noop(c); causeOf(err) != (cause{timeout: true}) || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
