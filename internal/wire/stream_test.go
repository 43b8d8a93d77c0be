package wire_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// A buffer grows and shrinks at any place of a stream without losing a byte, and
// lines and bytes can be read in turns.
func TestStream(t *testing.T) {
	text := strings.Repeat("line\r\n", 300) + strings.Repeat("x", 5000) + "\r\nend\r\n"
	for _, grow := range []int{0, 1, 149, 298} {
		r := wire.NewReader(iotest.HalfReader(strings.NewReader(text)), wire.Greeting())
		for i := range 300 {
			if i == grow {
				r.Grow(8 << 10)
			}
			if i == grow+2 {
				r.Shrink() // does nothing while something is buffered
			}
			r.Renew(wire.Greeting())
			if line, err := r.ReadLine(); line != "line" || err != nil {
				t.Fatalf("line %d: %q, %v", i, line, err)
			}
		}
		var got strings.Builder
		for got.Len() < 5002 {
			if r.Buffered() == 0 {
				r.Shrink()
				r.Grow(2 << 10)
			}
			if len(r.Peek()) == 0 {
				if err := r.More(); err != nil {
					t.Fatal(err)
				}
			}
			b := r.Peek()[:min(len(r.Peek()), 5002-got.Len())]
			got.Write(b)
			r.Discard(len(b))
		}
		if got.String() != strings.Repeat("x", 5000)+"\r\n" {
			t.Errorf("%.40q", got.String())
		}
		if line, err := r.ReadLine(); line != "end" || err != nil {
			t.Errorf("%q, %v", line, err)
		}
		if err := r.More(); err != io.EOF {
			t.Errorf("behind the end: %v", err)
		}
	}
}

// Of the lines that are malformed, those with an odd octet have an end, after which
// reading goes on.
func TestOctet(t *testing.T) {
	for line, odd := range map[string]bool{"a\x00b\r\n": true, "a\rb\r\n": true, "\r\r\n": true, "a\n": false} {
		r := wire.NewReader(strings.NewReader(line+"next\r\n"), wire.Greeting())
		_, err := r.ReadLine()
		if !errors.Is(err, policy.ErrMalformed) || errors.Is(err, wire.ErrOctet) != odd {
			t.Errorf("%q: %v", line, err)
		}
		if next, err := r.ReadLine(); odd && (next != "next" || err != nil) {
			t.Errorf("behind %q: %q, %v", line, next, err)
		}
	}
}
