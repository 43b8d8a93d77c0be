package stream

import (
	"mime"
	"net"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/unsolicited"
	"github.com/mailconn/mailconn/internal/wire"
)

// Config says how a stream works.
type Config struct {
	Limits      response.Limits
	Reply       time.Duration       // how long an answer may be in coming; 0: no limit
	Notice      func(notice.Notice) // may be nil
	WordDecoder *mime.WordDecoder
	Observer    unsolicited.Observer
	Compressed  bool   // the session is, from here on
	Behind      []byte // what was read of the connection already
}

// New returns the stream of a session whose client first reads greeting, whose room is the
// stream's then.
func New(conn *dial.Conn, greeting []byte, o Config) *Stream {
	s := &Stream{
		session: conn,
		canWake: conn.SetReadDeadline(time.Time{}) == nil,
		Limits:  o.Limits,
		made:    greeting,
		clock:   clock{limit: o.Reply},
	}
	s.frame.Limits = &s.Limits
	s.guard.Begin(conn, 0, o.Reply)
	s.conn = &s.guard
	if o.Notice != nil {
		s.notices = &notice.Queue{Func: func(n notice.Notice) { s.guarded("Notice", func() { o.Notice(n) }) }}
	}
	switch {
	case o.Compressed:
		s.compress(o.Behind)
	case len(o.Behind) > 0:
		s.in = input{buf: o.Behind, end: len(o.Behind)}
	default:
		s.in = input{buf: greeting[:cap(greeting)]} // free once the client has read it
	}
	s.observer = o.Observer
	s.turn.L = &s.mu
	s.bulk.words = o.WordDecoder
	return s
}

// Read gives the client what it reads next. The error is the reason of the session's
// end.
func (s *Stream) Read(p []byte) (int, error) {
	err := s.arrive()
	n := 0
	if err == nil {
		n, err = s.read(p)
	}
	if err != nil {
		n, err = s.finish(p, err)
	}
	s.leave()
	return n, err
}

func (s *Stream) read(p []byte) (int, error) {
	for {
		switch {
		case s.to > s.from:
			n := copy(p, s.in.buf[s.from:s.to])
			s.from += n
			return n, nil
		case len(s.made) > 0:
			n := copy(p, s.made)
			s.made = s.made[n:]
			return n, nil
		case s.over.Err() != nil:
			return 0, s.over.Err()
		case s.body > 0 && s.hidden == nil:
			return s.readBody(p)
		}
		if err := s.next(); err != nil {
			return 0, err
		}
	}
}

// readBody passes a body on.
func (s *Stream) readBody(p []byte) (n int, err error) {
	p = p[:min(int64(len(p)), s.body)]
	if data := s.in.data(); len(data) > 0 {
		n = copy(p, data)
		s.in.use(n)
	} else if n, err = s.receive(p); n == 0 {
		return 0, err
	}
	s.passed(n)
	return n, nil
}

// Write sends what the client writes. The error is the reason of the session's end.
func (s *Stream) Write(p []byte) (int, error) {
	if s.over.Err() != nil {
		return 0, s.failed()
	}
	if s.sending(p) {
		return len(p), nil
	}
	n, err := s.conn.Write(p)
	if err != nil {
		s.soon(&s.parked) // the reader may still find the server's last words
		s.end(wire.Ended(err))
		s.conn.Abort()
		return n, s.failed()
	}
	return n, nil
}

// Close is the client's: it closes the connection when it gives up.
func (s *Stream) Close() error {
	if s.over.Err() != nil {
		return nil // what has ended the session closes the connection
	}
	s.end(gaveUp)
	return s.conn.Abort()
}

// SetReadDeadline does nothing: the stream has deadlines of its own.
func (s *Stream) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: a write may stall for Options.ReplyTimeout, which the
// Guard sees to. The client's deadline would also count the time in which the write waits
// for an exchange.
func (s *Stream) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline does nothing either.
func (s *Stream) SetDeadline(time.Time) error { return nil }

// LocalAddr returns the address of this end.
func (s *Stream) LocalAddr() net.Addr { return s.conn.LocalAddr() }

// RemoteAddr returns the address of the server.
func (s *Stream) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }
