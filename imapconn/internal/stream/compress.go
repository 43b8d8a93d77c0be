package stream

import (
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/deflate"
)

// compress has the stream compress what it says, from here on. behind is what was read of
// the connection already.
func (s *Stream) compress(behind []byte) {
	s.conn = deflate.New(s.conn, behind)
}

// Compressed reports whether the session is compressed.
func (s *Stream) Compressed() bool {
	_, compressed := s.conn.(*deflate.Conn)
	return compressed
}

// A server may say without end what compresses to nearly nothing. Between two steps of
// progress, as clock counts them, it may say as much as chatter and maxRatio times what has
// come over the wire: a million lines "* 1 EXPUNGE" are less.
const (
	maxChatter = 16 << 20
	maxRatio   = 100
)

// inflated notes that n bytes have come of a read. s.mu is held.
func (s *Stream) inflated(n int) error {
	conn, compressed := s.conn.(*deflate.Conn)
	if !compressed {
		return nil
	}
	c := &s.clock
	c.chatter = max(0, c.chatter+int64(n)-maxRatio*conn.Taken())
	if c.chatter > maxChatter {
		return notice.Exceeded("more than %d bytes that were compressed to less than a %dth", maxChatter, maxRatio)
	}
	return nil
}
