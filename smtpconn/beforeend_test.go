package smtpconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// BeforeEnd is called once a message, when all but its end has reached the connection,
// and the end is not sent before it has returned nil: by DATA and BDAT, for short and
// long messages, with pipelining and without, in a single send and in a series.
func TestBeforeEnd(t *testing.T) {
	for _, extensions := range [][]string{all, {"CHUNKING", "BINARYMIME"}} {
		for _, size := range []int{0, 20, 100, 20000, 100000} {
			for _, content := range []func(string) io.Reader{known, hidden} {
				for _, chunks := range []bool{false, true} {
					for _, each := range []bool{false, true} {
						synctest.Test(t, func(t *testing.T) { testBeforeEnd(t, extensions, size, content, chunks, each) })
					}
				}
			}
		}
	}
}

func testBeforeEnd(t *testing.T, extensions []string, size int, content func(string) io.Reader, chunks, each bool) {
	about := fmt.Sprintf("%d extensions, %d bytes, chunks %v, each %v", len(extensions), size, chunks, each)
	r := with(extensions...)
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	text := strings.Repeat("0123456789\r\n", size/12)
	var calls []int
	list := []smtpconn.Message{}
	for i := range 3 {
		e := envelope()
		if chunks {
			e = binary()
		}
		e.BeforeEnd = func(context.Context) error {
			synctest.Wait()
			calls = append(calls, i)
			said := r.wire()
			if len(r.took()) != i || !strings.HasSuffix(said, text[max(min(len(text), 1), len(text)-100):]) || strings.Contains(said, " LAST\r\n") && i == 0 {
				t.Errorf("%s: message %d: %d taken, said %q", about, i, len(r.took()), said[max(0, len(said)-80):])
			}
			return nil
		}
		list = append(list, smtpconn.Message{Envelope: e, Content: content(text)})
	}
	got := sendAll(t, c, list, each)
	for i, res := range got {
		if res.err != nil || r.took()[i].body != text {
			t.Errorf("%s: message %d: %+v", about, i, res.err)
		}
	}
	if !slices.Equal(calls, []int{0, 1, 2}) {
		t.Errorf("%s: called for %v", about, calls)
	}
}

// An error of BeforeEnd, and a context that ends in it, leave the message unfinished:
// not sent, the connection closed, and the message not at fault.
func TestBeforeEndFails(t *testing.T) {
	full := errors.New("disk full")
	for _, extensions := range [][]string{all, {"CHUNKING", "BINARYMIME"}} {
		for _, chunks := range []bool{false, true} {
			for name, want := range map[string]error{"error": full, "context": context.DeadlineExceeded} {
				synctest.Test(t, func(t *testing.T) {
					r := with(extensions...)
					c, hangUp := dialRelay(t, r, nil)
					defer hangUp()
					e := envelope()
					if chunks {
						e = binary()
					}
					e.BeforeEnd = func(ctx context.Context) error {
						if name == "error" {
							return full
						}
						<-ctx.Done()
						return nil
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_, err := c.Send(ctx, e, strings.NewReader(note))
					got := asResult(nil, err).err
					if got.Outcome != smtpconn.NotSent || !errors.Is(err, want) || got.MessageAtFault() || !got.Temporary() || c.Check() == nil {
						t.Errorf("%s, chunks %v: %v", name, chunks, err)
					}
					if hangUp(); len(r.took()) != 0 {
						t.Errorf("%s, chunks %v: taken", name, chunks)
					}
				})
			}
		}
	}
}

// Whatever a server does: a message is in doubt, or taken, only if BeforeEnd has
// returned nil for it.
func TestBeforeEndComesFirst(t *testing.T) {
	runs, doubts := 0, 0
	for _, d := range dialogues {
		said, _, _ := d.healthy(t)
		for cut := range said {
			runs++
			synctest.Test(t, func(t *testing.T) {
				r := &relay{extensions: d.extensions, fault: &fault{reads: cut, writes: -1}}
				c, hangUp := dialRelay(t, r, &d.options)
				r.fault.arm()
				list := d.messages()
				marked := make([]bool, len(list))
				for i := range list {
					list[i].BeforeEnd = func(context.Context) error { marked[i] = true; return nil }
				}
				got := results(c.SendEach(t.Context(), slices.Values(list)))
				hangUp()
				for i, res := range got {
					doubt := res.err != nil && res.err.Outcome == smtpconn.InDoubt
					if doubt {
						doubts++
					}
					if (doubt || res.err == nil) && !marked[i] {
						t.Errorf("%s: cut at %d: message %d: %v without BeforeEnd", d.name, cut, i, res.err)
					}
				}
				if n := len(r.took()); n > 0 && !marked[n-1] {
					t.Errorf("%s: cut at %d: %d taken", d.name, cut, n)
				}
			})
		}
	}
	if t.Logf("%d runs, %d in doubt", runs, doubts); doubts == 0 {
		t.Error("nothing was in doubt")
	}
}
