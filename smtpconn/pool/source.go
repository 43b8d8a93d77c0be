package pool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

// source is the content of a message, for the goroutines of connections: its caller
// can leave while it is being read, and a panic of the caller's code is kept for the
// caller.
type source struct {
	content io.ReadSeeker
	at      int64 // where the content begins
	length  int64
	memory  bool   // it does not wait, and is not a caller's code
	read    int64  // bytes, since it was begun
	ahead   []byte // of them, not yet passed on
	end     error  // behind ahead
	buf     []byte // of a Read that may be left behind

	once sync.Once
	left chan struct{} // closed when the caller has left

	mu       sync.Mutex // held while memory is read
	panicked any        // by the caller's code
	vetoed   bool       // BeforeEnd has returned an error
}

// aheadSize is how much of a message is read before it waits for a connection: as
// much as smtpconn reads before it says anything, so that a caller whose content is
// slow does not keep others waiting on a connection.
const aheadSize = 16 << 10

// newSource finds where the content begins, and how long it is.
func newSource(ctx context.Context, content io.ReadSeeker) (*source, error) {
	s := &source{content: content, left: make(chan struct{})}
	switch content.(type) {
	case *bytes.Reader, *strings.Reader:
		s.memory = true
	}
	defer context.AfterFunc(ctx, s.leave)()
	var err error
	if s.at, err = s.seek(0, io.SeekCurrent); err == nil {
		s.length, err = s.seek(0, io.SeekEnd)
		s.length -= s.at
	}
	s.surface()
	return s, err
}

// rewind begins again, and reads ahead.
func (s *source) rewind(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.leave)()
	if _, err := s.seek(s.at, io.SeekStart); err != nil || s.memory {
		return err
	}
	s.read, s.ahead, s.end = 0, make([]byte, 0, aheadSize), nil
	for s.end == nil && len(s.ahead) < aheadSize {
		n, err := s.aside(s.ahead[len(s.ahead):aheadSize])
		s.ahead, s.end = s.ahead[:len(s.ahead)+n], err
	}
	if s.end == io.EOF {
		return nil
	}
	return s.end
}

// Read is for the connection.
func (s *source) Read(b []byte) (int, error) {
	switch {
	case s.gone():
		return 0, wire.ErrLeft
	case len(s.ahead) > 0:
		n := copy(b, s.ahead)
		s.ahead = s.ahead[n:]
		return n, nil
	case s.end != nil:
		return 0, s.end
	case s.memory:
		return s.readMemory(b)
	}
	return s.aside(b)
}

func (s *source) readMemory(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone() {
		return 0, wire.ErrLeft
	}
	return s.content.Read(b)
}

// aside reads by a goroutine, which is left behind when the caller leaves. Content that
// ends before its length, as a file that was cut meanwhile, has failed.
func (s *source) aside(b []byte) (int, error) {
	if len(s.buf) < len(b) {
		s.buf = make([]byte, len(b))
	}
	n, err := do(s, func() (int, error) { return wire.ReadSome(s.content, s.buf[:len(b)]) })
	copy(b, s.buf[:n])
	if s.read += int64(n); err == io.EOF && s.read < s.length {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Seek is for the connection, which looks through content that must be ASCII.
func (s *source) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return s.at, nil
	}
	s.read, s.ahead, s.end = 0, nil, nil
	return s.seek(offset, whence)
}

// seek seeks in the content. It may wait there.
func (s *source) seek(offset int64, whence int) (int64, error) {
	if !s.memory {
		return do(s, func() (int64, error) { return s.content.Seek(offset, whence) })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone() {
		return 0, wire.ErrLeft
	}
	return s.content.Seek(offset, whence)
}

// Len tells what SIZE is to declare. It is -1, an unknown length, for what an int cannot
// hold.
func (s *source) Len() int {
	if n := int(s.length); int64(n) == s.length {
		return n
	}
	return -1
}

// do runs f, which is the caller's code, aside. A panic is kept, and an error here.
func do[T any](s *source, f func() (T, error)) (T, error) {
	got := wire.Aside(s.left, f)
	if got.Panicked != nil {
		s.keep(got.Panicked)
		got.Err = errPanicked
	}
	return got.Value, got.Err
}

var errPanicked = errors.New("pool: the content panicked")

// keep notes a panic of the caller's code.
func (s *source) keep(panicked any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.panicked = panicked
}

func (s *source) veto(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vetoed = is
}

func (s *source) isVetoed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vetoed
}

// surface panics if the caller's code has, on the goroutine of the caller.
func (s *source) surface() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.panicked != nil {
		panic(s.panicked)
	}
}

// leave lets no connection wait for the content any longer. It returns when none
// reads it, but for a Read that waits.
func (s *source) leave() {
	s.once.Do(func() { close(s.left) })
	s.mu.Lock()
	defer s.mu.Unlock()
}

func (s *source) gone() bool {
	select {
	case <-s.left:
		return true
	default:
		return false
	}
}

// private returns a copy of an envelope, so that the caller's is its own when Send
// returns. BeforeEnd is called with the context of Send.
func (s *source) private(ctx context.Context, e smtpconn.Envelope) smtpconn.Envelope {
	e.To, e.Rcpt = slices.Clone(e.To), slices.Clone(e.Rcpt)
	if e.Mail != nil {
		m := *e.Mail
		e.Mail = &m
	}
	for i, o := range e.Rcpt {
		if o != nil {
			c := *o
			e.Rcpt[i] = &c
		}
	}
	if before := e.BeforeEnd; before != nil {
		e.BeforeEnd = func(context.Context) (err error) {
			defer func() {
				if p := recover(); p != nil {
					s.keep(p)
					err = errPanicked
				}
				s.veto(err != nil)
			}()
			return before(ctx)
		}
	}
	return e
}
