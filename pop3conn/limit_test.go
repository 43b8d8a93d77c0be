package pop3conn_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/pop3conn"
)

// TestTooLong: a message may have MaxMessageSize bytes and not one more, and
// the next is not hurt.
func TestTooLong(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		for _, size := range []int64{1, 99, 100, 101} {
			box := &mailbox{caps: pipelining, letters: []string{strings.Repeat(".", 98) + "\r\n", ""}}
			o.MaxMessageSize = size
			_, c := dialFar(t, box, o)
			for m, err := range c.RetrEach(ctx, listings(2)) {
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(m)
				long := int64(len(box.letters[m.Msg-1])) > size
				if long != errors.Is(err, pop3conn.ErrTooLarge) || !long && err != nil || string(b) != box.letters[m.Msg-1][:min(size, int64(len(b)))] {
					t.Errorf("limit %d: message %d: %d bytes, %v", size, m.Msg, len(b), err)
				}
				if long && (int64(len(b)) != size || m.Complete()) {
					t.Errorf("limit %d: %d bytes", size, len(b))
				}
				if _, err := io.Copy(io.Discard, m); long != errors.Is(err, pop3conn.ErrTooLarge) {
					t.Errorf("limit %d: then %v", size, err)
				}
			}
			check(t, "NOOP", 0, c.Noop(ctx), 0)
		}
	})
}

// TestEachKeepsItsList: a loop goes over the messages that it was given, whatever
// becomes of the caller's slice meanwhile.
func TestEachKeepsItsList(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		box := &mailbox{caps: pipelining, letters: letters(9, 10)}
		_, c := dialFar(t, box, o)
		msgs, next := listings(9), 1
		for m, err := range c.RetrEach(ctx, msgs) {
			if got := readAll(t, m, err); m.Msg != next || got != box.letters[next-1] {
				t.Errorf("message %d of %d: %q", m.Msg, next, got)
			}
			next++
			for i := range msgs {
				msgs[i].Msg = 1
			}
		}
		if next != 10 {
			t.Errorf("%d messages", next-1)
		}
	})
}

// endlessLine is a message of one line.
type endlessLine struct {
	canned
	left int
}

func (e *endlessLine) Read(p []byte) (int, error) {
	if e.ready != "" || e.left == 0 {
		return e.canned.Read(p)
	}
	n := min(len(p), e.left)
	for i := range n {
		p[i] = 'x'
	}
	if e.left -= n; e.left == 0 {
		e.ready = "\r\n.\r\n"
	}
	return n, nil
}

// TestMemory reads a line of 50 MB: all that is ever allocated for it is less
// than a megabyte.
func TestMemory(t *testing.T) {
	const size = 50 << 20
	conn := &endlessLine{canned: *answering(0, "+OK\r\n")}
	c := mustBegin(t, conn)
	r, err := c.Retr(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	conn.left = size
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.Copy(io.Discard, r)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; n != size+2 || err != nil || grown > 1<<20 {
		t.Errorf("%d bytes, %v; %d allocated", n, err, grown)
	}
}
