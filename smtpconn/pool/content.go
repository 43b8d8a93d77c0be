package pool

import (
	"io"
	"slices"
	"sync"

	"github.com/mailconn/mailconn/smtpconn"
)

// source is the content of one attempt. Its length is known, and its caller can
// have the reader back while a connection still has the source.
type source struct {
	length int64

	mu sync.Mutex
	r  io.Reader // nil when the caller has left
}

func (s *source) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.r == nil {
		return 0, errLost
	}
	return s.r.Read(b)
}

// Len tells what SIZE is to declare.
func (s *source) Len() int { return int(s.length) }

// leave returns when the reader is no longer in use.
func (s *source) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r = nil
}

// extent returns where the content begins and how long it is.
func extent(content io.Seeker) (at, length int64, err error) {
	if at, err = content.Seek(0, io.SeekCurrent); err != nil {
		return 0, 0, err
	}
	end, err := content.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, 0, err
	}
	_, err = content.Seek(at, io.SeekStart)
	return at, end - at, err
}

// private returns a copy, so that the caller's is its own when Send returns.
func private(e smtpconn.Envelope) smtpconn.Envelope {
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
	return e
}
