package pool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// slow is content whose Read waits for good, behind some bytes.
type slow struct {
	io.ReadSeeker
	after int // bytes
	read  int
	wait  chan struct{}
}

func (s *slow) Read(p []byte) (int, error) {
	if s.read >= s.after {
		<-s.wait
		return s.ReadSeeker.Read(p)
	}
	n, err := s.ReadSeeker.Read(p[:min(len(p), s.after-s.read)])
	s.read += n
	return n, err
}

func (s *slow) Seek(offset int64, whence int) (int64, error) {
	s.read = 0
	return s.ReadSeeker.Seek(offset, whence)
}

var long = strings.Repeat("0123456789\r\n", 10000)

func slowContent(after int) *slow {
	return &slow{ReadSeeker: strings.NewReader(long), after: after, wait: make(chan struct{})}
}

// Send and Close return when their contexts end, also while content.Read waits: from
// the beginning, and in the middle. Others are sent meanwhile, or in time.
func TestContentWaits(t *testing.T) {
	for _, after := range []int{0, 100, 50000} {
		r := &relay{}
		bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
			content := slowContent(after)
			defer close(content.wait) // the Read that is left behind ends here
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			begin := time.Now()
			done := make(chan error, 1)
			go func() {
				e, _ := letter("slow@mail.test")
				_, err := p.Send(ctx, e, content)
				done <- err
			}()
			synctest.Wait()
			other := make(chan error, 1)
			go func() { other <- send(t.Context(), p, "other@mail.test") }()
			err := <-done
			var failed *smtpconn.SendError
			if !errors.As(err, &failed) || failed.Outcome != smtpconn.NotSent || !errors.Is(err, context.DeadlineExceeded) || failed.MessageAtFault() || time.Since(begin) != 200*time.Millisecond {
				t.Errorf("%d bytes: %v after %v", after, err, time.Since(begin))
			}
			if err := <-other; err != nil || after < 16<<10 && time.Since(begin) != 200*time.Millisecond {
				t.Errorf("%d bytes: the other: %v", after, err)
			}
			if r.committed["slow@mail.test"] != 0 || p.Stats().Down != nil {
				t.Errorf("%d bytes: %+v", after, p.Stats())
			}
		})
	}
}

// seeking is content whose nth Seek waits for good.
type seeking struct {
	io.ReadSeeker
	n    int
	wait chan struct{}
}

func (s *seeking) Seek(offset int64, whence int) (int64, error) {
	if s.n--; s.n == 0 {
		<-s.wait
	}
	return s.ReadSeeker.Seek(offset, whence)
}

// So they do while content.Seek waits: where Send looks for the length, where it begins,
// and where a connection looks for bytes beyond ASCII.
func TestSeekWaits(t *testing.T) {
	for n := 1; n <= 4; n++ {
		for _, closed := range []bool{false, true} {
			r := &relay{answer: func(_ int, command, usual string) string {
				if strings.HasPrefix(command, "EHLO") {
					return "250 mail.test"
				}
				return usual
			}}
			bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
				content := &seeking{strings.NewReader(long), n, make(chan struct{})}
				defer close(content.wait)
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				sending := ctx
				if closed {
					sending = t.Context()
				}
				done := make(chan error, 1)
				go func() {
					e, _ := letter("slow@mail.test")
					_, err := p.Send(sending, e, content)
					done <- err
				}()
				synctest.Wait()
				if closed {
					p.Close(ctx)
				}
				err := <-done
				if outcome(err) != smtpconn.NotSent || errors.Is(err, pool.ErrClosed) != closed || errors.Is(err, context.DeadlineExceeded) == closed {
					t.Errorf("Seek %d, closed %v: %v", n, closed, err)
				}
				if err := send(t.Context(), p, "other@mail.test"); (err == nil) == closed {
					t.Errorf("Seek %d, closed %v: the other: %v", n, closed, err)
				}
			})
		}
	}
}

// Close ends a Send without a deadline whose content waits.
func TestCloseWhileContentWaits(t *testing.T) {
	for _, after := range []int{0, 100, 50000} {
		bubble(t, &relay{}, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
			content := slowContent(after)
			defer close(content.wait)
			done := make(chan error, 1)
			go func() {
				e, _ := letter("slow@mail.test")
				_, err := p.Send(t.Context(), e, content)
				done <- err
			}()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			begin := time.Now()
			if err := p.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 500*time.Millisecond {
				t.Errorf("%d bytes: Close: %v after %v", after, err, time.Since(begin))
			}
			if err := <-done; !errors.Is(err, pool.ErrClosed) || outcome(err) != smtpconn.NotSent {
				t.Errorf("%d bytes: Send: %v", after, err)
			}
		})
	}
}

// A caller whose content is slow to begin does not hold up the message ahead of it.
func TestSlowContentOfTheNext(t *testing.T) {
	r := &relay{answer: func(_ int, command, usual string) string {
		if strings.HasPrefix(command, "EHLO") {
			time.Sleep(time.Second) // until both are waiting
		}
		return usual
	}}
	bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
		begin := time.Now()
		first := make(chan error, 1)
		go func() { first <- send(t.Context(), p, "first@mail.test") }()
		synctest.Wait()
		content := slowContent(100)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		second := make(chan error, 1)
		go func() {
			e, _ := letter("second@mail.test")
			_, err := p.Send(ctx, e, content)
			second <- err
		}()
		if err := <-first; err != nil || time.Since(begin) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		close(content.wait)
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

// panicky panics in its nth Read, or in its nth Seek.
type panicky struct {
	*bytes.Reader
	reads, seeks int
}

func (c *panicky) Read(p []byte) (int, error) {
	if c.reads--; c.reads == 0 {
		panic("read")
	}
	return c.Reader.Read(p[:min(len(p), 10000)])
}

func (c *panicky) Seek(offset int64, whence int) (int64, error) {
	if c.seeks--; c.seeks == 0 {
		panic("seek")
	}
	return c.Reader.Seek(offset, whence)
}

// A panic of the caller's code is one of its Send, and nothing else suffers.
func TestPanics(t *testing.T) {
	for name, c := range map[string]struct {
		content panicky
		before  func(context.Context) error
		want    string
	}{
		"first read": {content: panicky{reads: 1}, want: "read"},
		"late read":  {content: panicky{reads: 5}, want: "read"},
		"first seek": {content: panicky{seeks: 1}, want: "seek"},
		"late seek":  {content: panicky{seeks: 3}, want: "seek"},
		"hook":       {before: func(context.Context) error { panic("hook") }, want: "hook"},
	} {
		r := &relay{}
		bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
			func() {
				defer func() {
					if got := recover(); got != c.want {
						t.Errorf("%s: recovered %v", name, got)
					}
				}()
				c.content.Reader = bytes.NewReader([]byte(long))
				e, _ := letter("bad@mail.test")
				e.BeforeEnd = c.before
				p.Send(t.Context(), e, &c.content)
			}()
			for range 3 {
				if err := send(t.Context(), p, "good@mail.test"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			s := p.Stats()
			if r.committed["bad@mail.test"] != 0 || s.InFlight != 0 || s.NotSent != 1 || s.Sent != 3 || s.Down != nil {
				t.Errorf("%s: %+v", name, s)
			}
		})
	}
}

// cut is content that fails behind some bytes.
type cut struct {
	*strings.Reader
	after int
	fail  func() error
}

func (c *cut) Read(p []byte) (int, error) {
	at := len(long) - c.Len()
	if at >= c.after {
		return 0, c.fail()
	}
	return c.Reader.Read(p[:min(len(p), c.after-at)])
}

// Content that fails, with whatever error and wherever, is never taken for a shorter
// message: it is not sent, and is at fault.
func TestContentFails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"cut short":    func() error { return io.ErrUnexpectedEOF },
		"EOF of other": func() error { return fmt.Errorf("disk: %w", io.EOF) },
		"other":        func() error { return errors.New("disk") },
		"Goexit":       func() error { runtime.Goexit(); return nil },
	} {
		for _, after := range []int{0, 120, 12000, 16384, 60000} {
			r := &relay{}
			bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
				e, _ := letter("cut@mail.test")
				_, err := p.Send(t.Context(), e, &cut{strings.NewReader(long), after, fail})
				var failed *smtpconn.SendError
				if !errors.As(err, &failed) || failed.Outcome != smtpconn.NotSent || failed.Phase != smtpconn.PhaseContent || !failed.MessageAtFault() || r.committed["cut@mail.test"] != 0 {
					t.Errorf("%s behind %d bytes: %v", name, after, err)
				}
				if err := send(t.Context(), p, "good@mail.test"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
}

// BeforeEnd is called once for each attempt, with the context of Send. Its error
// leaves the message unsent, is not tried again, and is not held against the relay.
func TestBeforeEnd(t *testing.T) {
	full := errors.New("disk full")
	r := &relay{}
	first := true
	r.answer = func(_ int, command, usual string) string {
		if command == ".again@mail.test" && first {
			first = false
			return "451 4.3.0 later"
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
		type key struct{}
		calls := 0
		e, content := letter("no@mail.test")
		e.BeforeEnd = func(ctx context.Context) error {
			if calls++; ctx.Value(key{}) != "mine" {
				t.Error("not the context of Send")
			}
			return full
		}
		ctx := context.WithValue(t.Context(), key{}, "mine")
		_, err := p.Send(ctx, e, content)
		var failed *smtpconn.SendError
		if !errors.As(err, &failed) || failed.Outcome != smtpconn.NotSent || !errors.Is(err, full) || failed.MessageAtFault() || calls != 1 || r.took() != 0 {
			t.Errorf("%v, %d calls, %d taken", err, calls, r.took())
		}
		if s := p.Stats(); s.Down != nil || s.Retries != 0 {
			t.Errorf("%+v", s)
		}
		calls = 0
		e, content = letter("again@mail.test")
		e.BeforeEnd = func(context.Context) error { calls++; return nil }
		if _, err := p.Send(ctx, e, content); err != nil || calls != 2 || r.took() != 1 {
			t.Errorf("%v, %d calls, %d taken", err, calls, r.took())
		}
	})
}

// A wrong call says nothing of the message.
func TestWrongCalls(t *testing.T) {
	bubble(t, &relay{}, pool.Config{}, func(t *testing.T, p *pool.Pool) {
		e, content := letter("r@mail.test")
		//lint:ignore SA1012 that is what is tested
		_, err1 := p.Send(nil, e, content)
		_, err2 := p.Send(t.Context(), e, nil)
		for _, err := range []error{err1, err2} {
			var failed *smtpconn.SendError
			if !errors.As(err, &failed) || failed.Outcome != smtpconn.NotSent || failed.Phase != smtpconn.PhaseConfig || failed.MessageAtFault() || failed.Temporary() {
				t.Error(err)
			}
		}
		//lint:ignore SA1012 that is what is tested
		if err := p.Close(nil); err == nil {
			t.Error("Close(nil)")
		}
		if err := send(t.Context(), p, "r@mail.test"); err != nil {
			t.Error(err)
		}
	})
}
