package imapconn_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
)

// numbered returns n bytes, no two parts of which are alike.
func numbered(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.BigEndian.AppendUint64(b, uint64(len(b)))
	}
	return b[:n]
}

// far returns a session with a server that is 50 ms away, over a line that carries so many bytes
// in a second; 0: any.
func far(t *testing.T, s *recorder, rate int) *imapconn.Client {
	t.Helper()
	t.Cleanup(func() { time.Sleep(time.Second) }) // what is under way arrives
	network := dialtest.Plan{Latency: 50 * time.Millisecond, Rate: rate}.Dialer(near{s})
	conn, err := network.DialContext(t.Context(), "tcp", "imap.example.org:143")
	if err != nil {
		t.Fatal(err)
	}
	return over(t, conn, nil)
}

// readAs reads as much of r as want has, and tells if it is not that.
func readAs(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	for at := 0; at < len(want); {
		part := make([]byte, min(100_000, len(want)-at))
		if n, err := io.ReadFull(r, part); err != nil || !bytes.Equal(part, want[at:at+n]) {
			t.Fatalf("another content at %d, or %v", at, err)
		}
		at += len(part)
	}
}

// askedTwice returns how many pieces were asked for more than once.
func askedTwice(commands []string) (n int) {
	seen := make(map[string]bool)
	for _, c := range commands {
		if seen[c] && strings.Contains(c, "BODY.PEEK[]") {
			n++
		}
		seen[c] = true
	}
	return n
}

// A program stops reading in the middle of a body of which more is under way than there is
// room for. It gets what follows, and keeps nothing else waiting; there is room for all that
// is asked for from then on.
func TestFetchEachWhenAProgramStopsReading(t *testing.T) {
	text := numbered(64 << 20)
	for name, test := range map[string]struct {
		stop   func(t *testing.T, c *imapconn.Client)
		misses bool // pieces that come meanwhile are asked for again
	}{
		"for a moment": {stop: func(*testing.T, *imapconn.Client) { time.Sleep(700 * time.Millisecond) }},
		"for long":     {stop: func(*testing.T, *imapconn.Client) { time.Sleep(time.Hour) }, misses: true},
		"for a command": {stop: func(t *testing.T, c *imapconn.Client) {
			time.Sleep(300 * time.Millisecond)
			if begin := time.Now(); c.Noop().Wait() != nil || time.Since(begin) > 500*time.Millisecond {
				t.Errorf("NOOP after %v", time.Since(begin))
			}
		}, misses: true},
		"for a loop": {stop: func(t *testing.T, c *imapconn.Client) {
			for _, err := range c.FetchEach(t.Context(), imap.UIDSetNum(1), &imapconn.FetchOptions{NoBody: true}) {
				if err != nil {
					t.Error(err)
				}
			}
		}, misses: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &recorder{answer: inPieces(text)}
				c := far(t, s, 0)
				var asked []string
				for m, err := range c.FetchEach(t.Context(), all(), nil) {
					if err != nil {
						t.Fatal(err)
					}
					const first, second = 32 << 20, 56 << 20
					readAs(t, m, text[:first])
					test.stop(t, c)
					readAs(t, m, text[first:second])
					asked = s.take()
					test.stop(t, c)
					readAs(t, m, text[second:])
					if n, err := m.Read(make([]byte, 1)); n > 0 || err != io.EOF {
						t.Errorf("%d bytes more, %v", n, err)
					}
				}
				n := askedTwice(asked)
				if all := askedTwice(append(asked, s.take()...)); n > 0 != test.misses || n > 256 || all > n {
					t.Errorf("%d pieces were asked for twice, and %d at last", n, all)
				}
				if c.Err() != nil {
					t.Error(c.Err())
				}
			})
		})
	}
}

// More of a body is not asked for where that would only wait, in a slow line or for a slow
// program, ahead of what others ask for.
func TestFetchEachOfASlowBody(t *testing.T) {
	const piece = 64 << 10
	text := numbered(16 << 20)
	for name, test := range map[string]struct {
		rate  int
		pause time.Duration
	}{"line": {rate: 4 << 20}, "program": {pause: 20 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			s := &recorder{answer: inPieces(text)}
			c := far(t, s, test.rate)
			for m, err := range c.FetchEach(t.Context(), all(), nil) {
				if err != nil {
					t.Fatal(err)
				}
				for at, asked := 0, 0; at < len(text); at += piece {
					readAs(t, m, text[at:at+piece])
					time.Sleep(test.pause)
					if asked += len(s.take()); asked-at/piece > 30 {
						t.Errorf("slow %s: %d commands when %d bytes were read", name, asked, at)
						return
					}
				}
			}
		})
	}
}

// A program leaves a body of which much is under way. The session goes on.
func TestFetchEachLeavesALargeBody(t *testing.T) {
	text := numbered(64 << 20)
	synctest.Test(t, func(t *testing.T) {
		s := &recorder{answer: inPieces(text)}
		c := far(t, s, 0)
		for m, err := range c.FetchEach(t.Context(), all(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			readAs(t, m, text[:32<<20])
			time.Sleep(100 * time.Millisecond)
		}
		if err := c.Noop().Wait(); err != nil {
			t.Error(err)
		}
	})
}

// Two large sections are read in turns.
func TestFetchEachOfTwoLargeBodies(t *testing.T) {
	texts := map[string][]byte{"1": numbered(8 << 20), "2": bytes.ToUpper(numbered(8 << 20))}
	answer := func(command string) string {
		if !strings.HasPrefix(command, "UID FETCH") {
			return ""
		}
		said := fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE %d", 16<<20)
		for rest := command; ; {
			_, part, ok := strings.Cut(rest, "BODY.PEEK[")
			if !ok {
				return said + ")\r\n"
			}
			var from, n int
			fmt.Sscanf(part[1:], "]<%d.%d>", &from, &n)
			text := texts[part[:1]]
			from = min(from, len(text))
			piece := text[from:min(from+n, len(text))]
			said += fmt.Sprintf(" BODY[%s]<%d> {%d}\r\n%s", part[:1], from, len(piece), piece)
			rest = part
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c := far(t, &recorder{answer: answer}, 0)
		o := &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{{Part: []int{1}}, {Part: []int{2}}}}
		for m, err := range c.FetchEach(t.Context(), all(), o) {
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < 8<<20; at += 1 << 20 {
				readAs(t, m.Section(0), texts["1"][at:at+1<<20])
				readAs(t, m.Section(1), texts["2"][at:at+1<<20])
			}
		}
	})
}
