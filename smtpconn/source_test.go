package smtpconn_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// Content that keeps Send waiting does not keep it beyond its context: from the
// beginning, in what is read ahead, and in the middle.
func TestContentWaits(t *testing.T) {
	for _, extensions := range [][]string{all, nil} {
		for _, sent := range []int{0, 100, 100000} {
			synctest.Test(t, func(t *testing.T) {
				r := with(extensions...)
				c, hangUp := dialRelay(t, r, nil)
				defer hangUp()
				pipe, writer := io.Pipe()
				defer writer.Close() // the Read that is left behind ends here
				go io.WriteString(writer, strings.Repeat("0123456789\r\n", sent/12))
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				began := time.Now()
				_, err := c.Send(ctx, envelope(), pipe)
				if took := time.Since(began); took > time.Second {
					t.Errorf("%q, %d bytes: took %v", extensions, sent, took)
				}
				if !errors.Is(err, context.DeadlineExceeded) || asResult(nil, err).err.Outcome != smtpconn.NotSent || len(r.took()) != 0 {
					t.Errorf("%q, %d bytes: %v", extensions, sent, err)
				}
				if failed := asResult(nil, err).err; failed.MessageAtFault() || !failed.Temporary() {
					t.Errorf("%q, %d bytes: the message is blamed: %v", extensions, sent, err)
				}
			})
		}
	}
}

// seeking is content whose nth Seek waits for good.
type seeking struct {
	io.Reader
	n    int
	wait chan struct{}
}

func (s *seeking) Seek(int64, int) (int64, error) {
	if s.n--; s.n == 0 {
		<-s.wait
	}
	return 0, nil
}

// So it is with content that waits where it is sought, to be looked through.
func TestSeekWaits(t *testing.T) {
	for n := 1; n <= 2; n++ {
		synctest.Test(t, func(t *testing.T) {
			r := with("PIPELINING")
			c, hangUp := dialRelay(t, r, nil)
			defer hangUp()
			content := &seeking{strings.NewReader(note), n, make(chan struct{})}
			defer close(content.wait)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := c.Send(ctx, envelope(), content)
			if failed := asResult(nil, err).err; !errors.Is(err, context.DeadlineExceeded) || failed.Outcome != smtpconn.NotSent || failed.MessageAtFault() || r.wire() != "" {
				t.Errorf("Seek %d: %v, said %q", n, err, r.wire())
			}
		})
	}
}

// panicky is content that panics, or ends its goroutine.
type panicky func()

func (f panicky) Read([]byte) (int, error) { f(); return 0, io.EOF }

// A panic of the content is its caller's, and leaves the connection closed.
func TestContentPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := with(all...)
		c, hangUp := dialRelay(t, r, nil)
		defer hangUp()
		func() {
			defer func() {
				if got := recover(); got != "mine" {
					t.Errorf("recovered %v", got)
				}
			}()
			c.Send(t.Context(), envelope(), io.MultiReader(strings.NewReader(note), panicky(func() { panic("mine") })))
		}()
		if len(r.took()) != 0 {
			t.Error("the message was taken")
		}
	})
}
