package imapconn

import (
	"net"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/deflate"
	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/unsolicited"
	"github.com/mailconn/mailconn/internal/wire"
)

// stream is the connection that go-imap's client has. The client reads responses that
// were measured, and mended where they had to be; what it writes is followed, so that
// it is known which commands the server has to answer. The stream has no goroutine of
// its own: it reads when the client does.
//
//	server ⇄ TLS ⇄ Guard ⇄ (deflate) ⇄ stream ⇄ go-imap's client
type stream struct {
	conn    wire.AbortConn // guard, or deflate over it
	guard   wire.Guard
	deflate *deflate.Conn // nil unless the session is compressed
	session *dial.Conn
	canWake bool // a read that waits can be interrupted
	limits  response.Limits
	notices notices
	// observer is told of what the server says of the selected mailbox.
	observer unsolicited.Observer
	others   map[string]string // mailboxes that it is told of by STATUS, as their names are written there

	// What follows is used by Read, whose calls do not overlap: the client reads in a
	// goroutine of its own, and while that waits for the program to read a body, in the
	// program's.
	in       input
	frame    response.Frame
	scan     response.Scanner
	from, to int               // a part of the input that the client reads next
	made     []byte            // or what was written anew
	numbers  *response.Numbers // or numbers
	body     int64             // behind them, bytes of a body that are passed on as they come
	piece    int64             // of those, bytes since the last progress
	tail     bool              // behind the body the rest of a FETCH follows
	joining  bool              // a response goes on behind the end of its line
	hidden   *hiddenFetch      // that FETCH is not for the client
	kept     int               // what the client may hold of the answers to a command
	moves    int               // what it took the client to note the messages that it was given

	over   session.End   // why the session has ended
	ended  chan struct{} // closed when it has
	park   sync.Once     // closes parked
	parked chan struct{} // closed when the client's reader has met the end
	free   chan struct{} // closed when all pending commands have an answer

	mu       sync.Mutex
	client   *inner // nil until it has greeted
	released bool   // the client's commands have the reason of the end, or are being given it
	barred   bool   // no command begins until the client's reader has ended
	pending  pending
	clock    clock
	handlers handlers
	bulk     bulk
	turn     sync.Cond // the pending commands, or the session, may be at their end
	waiting  waitList  // for that
	fed      bool      // the client was told to go on with a literal, to fail in writing it
	goodbye  *farewell // the server has said BYE
}

var _ net.Conn = (*stream)(nil)

// newStream returns the stream of a session whose client first reads greeting.
func newStream(conn *dial.Conn, greeting []byte, o *Options, reply time.Duration) *stream {
	limits := o.Bounds.limits()
	s := &stream{
		session: conn,
		canWake: conn.SetReadDeadline(time.Time{}) == nil,
		limits:  limits,
		frame:   response.Frame{Limits: limits},
		scan:    response.Scanner{Limits: limits},
		made:    greeting,
		ended:   make(chan struct{}),
		parked:  make(chan struct{}),
		free:    make(chan struct{}),
		clock:   clock{limit: reply},
	}
	s.guard.Begin(conn, 0, reply)
	s.conn = &s.guard
	if o.Notice != nil {
		s.notices.f = func(n Notice) { s.guarded("Notice", func() { o.Notice(n) }) }
	}
	s.handlers.room.L, s.turn.L = &s.mu, &s.mu
	s.bulk.reader = message.NewReader(limits, o.WordDecoder)
	return s
}

// Read gives the client what it reads next. The error is the reason of the session's
// end.
func (s *stream) Read(p []byte) (int, error) {
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

func (s *stream) read(p []byte) (int, error) {
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

// pieceSize is how much of a body is progress: a byte now and then is none.
const pieceSize = 16 << 10

// readBody passes a body on.
func (s *stream) readBody(p []byte) (n int, err error) {
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

// passed notes that n bytes of a body have come.
func (s *stream) passed(n int) {
	s.body -= int64(n)
	if s.piece += int64(n); s.piece >= pieceSize || s.body == 0 {
		s.piece = 0
		s.mu.Lock()
		s.clock.progress(s.pending.due() != nil)
		s.mu.Unlock()
	}
}

// fill reads more into the input, of which need bytes are wanted.
func (s *stream) fill(need int) error {
	s.in.reserve(need)
	n, err := s.receive(s.in.free())
	s.in.end += n
	return err
}

// receive reads from the connection, within the time that the server has. It returns
// an error only if nothing was read.
func (s *stream) receive(p []byte) (int, error) {
	for {
		if err := s.await(); err != nil {
			return 0, err
		}
		n, err := s.conn.Read(p)
		if again, err := s.received(n, err); !again {
			return n, err
		}
	}
}

// Write sends what the client writes. The error is the reason of the session's end.
func (s *stream) Write(p []byte) (int, error) {
	if s.over.Err() != nil {
		return 0, s.failed()
	}
	if s.sending(p) {
		return len(p), nil
	}
	n, err := s.conn.Write(p)
	if err != nil {
		s.within(s.parked) // the reader may still find the server's last words
		s.end(wire.Ended(err))
		s.conn.Abort()
		return n, s.failed()
	}
	return n, nil
}

// Close is the client's: it closes the connection when it gives up.
func (s *stream) Close() error {
	if s.over.Err() != nil {
		return nil // what has ended the session closes the connection
	}
	s.end(gaveUp)
	return s.conn.Abort()
}

// SetReadDeadline does nothing: the stream has deadlines of its own.
func (s *stream) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: a write may stall for Options.ReplyTimeout, which the
// Guard sees to. The client's deadline would also count the time in which the write waits
// for an exchange.
func (s *stream) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline does nothing either.
func (s *stream) SetDeadline(time.Time) error { return nil }

// LocalAddr returns the address of this end.
func (s *stream) LocalAddr() net.Addr { return s.conn.LocalAddr() }

// RemoteAddr returns the address of the server.
func (s *stream) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }
