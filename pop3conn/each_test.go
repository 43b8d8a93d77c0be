package pop3conn_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/pop3conn"
)

// TestEach: a refusal or a number that cannot be sent is an error in its place,
// and what is left unread does no harm to those after it.
func TestEach(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		box := &mailbox{caps: pipelining, letters: letters(6, 5000), odd: map[string]string{"RETR 3": "-ERR [SYS/TEMP] try later\r\n"}}
		_, c := dialFar(t, box, o)
		if err := c.Dele(ctx, 5); err != nil {
			t.Fatal(err)
		}
		var log []string
		for m, err := range c.RetrEach(ctx, some(1, 2, 3, -4, 5, 6, 9, 1)) {
			var refused *pop3conn.Error
			switch {
			case errors.As(err, &refused):
				log = append(log, refused.Command+" "+refused.Code)
			case errors.Is(err, pop3conn.ErrDeleted):
				log = append(log, "deleted")
			case err != nil:
				log = append(log, "bad")
			case m.Msg == 2:
				log = append(log, "unread") // all of it
			default:
				if got := readAll(t, m, nil); got != box.letters[m.Msg-1] || !m.Complete() {
					t.Errorf("message %d: %q", m.Msg, got)
				}
				log = append(log, fmt.Sprint(m.Msg))
			}
			if _, e := m.Read(make([]byte, 1)); err != nil && (e == nil || e == io.EOF) {
				t.Errorf("message %d without a body reads %v", m.Msg, e)
			}
		}
		want := []string{"1", "unread", "RETR 3 SYS/TEMP", "bad", "deleted", "6", "RETR 9 ", "1"}
		if !slices.Equal(log, want) {
			t.Errorf("%q\nwant %q", log, want)
		}
		if slices.Contains(box.heard, "RETR 5") || slices.Contains(box.heard, "RETR -4") {
			t.Errorf("sent %q", box.heard)
		}
		marked, err := c.DeleEach(ctx, some(1, 9, 2, 5))
		var refused *pop3conn.Error
		if !slices.Equal(marked, some(1, 2)) || !errors.As(err, &refused) || refused.Command != "DELE 9" || !errors.Is(err, pop3conn.ErrDeleted) {
			t.Errorf("DeleEach: %v, %v", marked, err)
		}
		if err := c.Dele(ctx, 2); !errors.Is(err, pop3conn.ErrDeleted) {
			t.Errorf("DELE twice: %v", err)
		}
		check(t, "NOOP", 0, c.Noop(ctx), 0)
	})
}

// TestBreakDrip: what is read past when a loop is left early has the time of one
// reply, all of it.
func TestBreakDrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			io.WriteString(server, "+OK\r\n")
			bytewise(server)
			io.WriteString(server, "+OK\r\nPIPELINING\r\n.\r\n")
			for range 100 {
				bytewise(server)
			}
			for err := error(nil); err == nil; time.Sleep(50 * time.Second) {
				_, err = io.WriteString(server, "+OK\r\n.\r\n")
			}
		}()
		c, err := begin(client, &pop3conn.Options{ReplyTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for _, err := range c.RetrEach(ctx, listings(100)) {
			if err != nil {
				t.Error(err)
			}
			break
		}
		if took, err := time.Since(start), c.Noop(ctx); took > 2*time.Minute || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %v: %v", took, err)
		}
		<-done
	})
}

// TestOver: the error that ends the session is the loop's last.
func TestOver(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		box := &mailbox{caps: pipelining, letters: letters(9, 10), odd: map[string]string{"RETR 2": "what\r\n"}}
		_, c := dialFar(t, box, o)
		turns := 0
		for m, err := range c.RetrEach(ctx, listings(9)) {
			if turns++; (err != nil) != (m.Msg == 2) {
				t.Errorf("message %d: %v", m.Msg, err)
			}
		}
		if marked, err := c.DeleEach(ctx, some(1)); turns != 2 || len(marked) != 0 || err == nil {
			t.Errorf("%d turns, then %v, %v", turns, marked, err)
		}
	})
}

func TestTopEach(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		box := &mailbox{caps: pipelining, letters: letters(3, 10), odd: map[string]string{"TOP 2 0": "+OK\r\nhead\r\n\r\n.\r\n"}}
		_, c := dialFar(t, box, o)
		for m, err := range c.TopEach(ctx, some(2), 0) {
			check(t, "TOP", readAll(t, m, err), nil, "head\r\n\r\n")
		}
		for _, err := range c.TopEach(ctx, some(2), -1) {
			if err == nil {
				t.Error("-1 lines")
			}
		}
	})
}

// TestBreak: a loop that is left early leaves a session that goes on, or one
// that is over: never one that is out of step.
func TestBreak(t *testing.T) {
	for _, tt := range []struct {
		letters, size int
		alive         bool
	}{{10, 100, true}, {100, 4000, true}, {300, 8000, false}, {3, 2 << 20, false}} {
		t.Run(fmt.Sprintf("%d of %d", tt.letters, tt.size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				box := &mailbox{caps: pipelining, letters: letters(tt.letters, tt.size)}
				conn, c := dialFar(t, box, nil)
				for m, err := range c.RetrEach(ctx, listings(tt.letters)) {
					if err != nil {
						t.Fatal(err)
					}
					m.Read(make([]byte, 10))
					if m.Msg == 2 {
						break
					}
					readAll(t, m, nil)
				}
				r, err := c.Retr(ctx, 1)
				if tt.alive {
					check(t, "then", readAll(t, r, err), nil, box.letters[0])
				} else if err == nil || !conn.closed {
					t.Errorf("session goes on: %v, closed %v", err, conn.closed)
				}
			})
		})
	}
}

// TestBreakBeforeRefusals: a message that the server refuses after a loop that was left
// early has no lines to be read past.
func TestBreakBeforeRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &mailbox{caps: pipelining, letters: letters(10, 100), odd: map[string]string{"RETR 4": "-ERR [IN-USE] no\r\n", "RETR 10": "-ERR no\r\n"}}
		_, c := dialFar(t, box, nil)
		for _, err := range c.RetrEach(ctx, listings(10)) {
			if err != nil {
				t.Error(err)
			}
			break
		}
		r, err := c.Retr(ctx, 1)
		check(t, "then", readAll(t, r, err), nil, box.letters[0])
	})
}

// TestLeftUnread: what the loop leaves of a message is read past up to 1 MiB.
func TestLeftUnread(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		for _, size := range []int{900 << 10, 3 << 20} {
			_, c := dialFar(t, &mailbox{caps: pipelining, letters: letters(2, size)}, o)
			var last error
			for _, last = range c.RetrEach(ctx, listings(2)) {
			}
			if fits := size < 1<<20; fits != (last == nil) || fits != (c.Noop(ctx) == nil) {
				t.Errorf("%d left: %v, then %v", size, last, c.Noop(ctx))
			}
		}
	})
}

// TestBusy: inside the loop nothing else can be said, with pipelining or not.
func TestBusy(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		box := &mailbox{caps: pipelining, letters: letters(3, 10)}
		_, c := dialFar(t, box, o)
		for m, err := range c.RetrEach(ctx, listings(3)) {
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Dele(ctx, m.Msg); !errors.Is(err, pop3conn.ErrBusy) {
				t.Errorf("DELE: %v", err)
			}
			for _, err := range c.RetrEach(ctx, listings(2)) {
				if !errors.Is(err, pop3conn.ErrBusy) {
					t.Errorf("loop in the loop: %v", err)
				}
			}
			check(t, "message", readAll(t, m, nil), nil, box.letters[m.Msg-1])
		}
		check(t, "NOOP", 0, c.Noop(ctx), 0)
	})
}

// TestAbortInLoop: another goroutine can end the loop at any time.
func TestAbortInLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := served(t, &mailbox{caps: pipelining, letters: letters(50, 1000), odd: map[string]string{"RETR 20": "+OK\r\nhalfHANG"}})
		c := mustBegin(t, conn)
		go func() {
			synctest.Wait()
			time.Sleep(time.Second)
			c.Abort()
		}()
		whole := 0
		for m, err := range c.RetrEach(ctx, listings(50)) {
			if err != nil {
				break
			}
			if _, err := io.Copy(io.Discard, m); err == nil {
				whole++
			} else if m.Complete() || errors.Is(err, pop3conn.ErrPipelining) {
				t.Errorf("message %d: %v", m.Msg, err)
			}
		}
		if whole != 19 || c.Noop(ctx) == nil {
			t.Errorf("%d messages, then NOOP %v", whole, c.Noop(ctx))
		}
	})
}

// TestManyAllocations: what a message of a loop costs.
func TestManyAllocations(t *testing.T) {
	const n = 200
	conn, c := ahead(t, strings.Repeat("+OK\r\n"+strings.Repeat("..a line\r\n", 100)+".\r\n", n))
	msgs := listings(n)
	per := testing.AllocsPerRun(10, func() {
		conn.rewind()
		for m, err := range c.RetrEach(ctx, msgs) {
			if err == nil {
				_, err = io.Copy(io.Discard, m)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}) / n
	if per > 1.5 {
		t.Errorf("%v allocations for a message", per)
	}
}
