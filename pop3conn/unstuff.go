package pop3conn

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/mailconn/mailconn/internal/wire"
)

// place is where the next byte of a message stands. Only CRLF ends a line: a bare CR
// or LF is a byte like any other.
type place uint8

const (
	lineStart place = iota
	inLine
	afterCR
)

const (
	dot        = "."
	terminator = ".\r\n" // at the beginning of a line
	// messageBuffer holds two full TLS records.
	messageBuffer = 32 << 10
)

// open makes m the message that comes next.
func (c *Client) open(m *Message) {
	m.c, m.room = c, c.maxMessageSize
	c.link.expect()
	c.message = m
	c.lines.Grow(messageBuffer)
}

// next returns the next bytes of the message, at most limit, without the dots that
// lines are stuffed with (RFC 1939 §3). They stay in the buffer until m.pass. It
// returns nil at the message's end, whatever that is, and if it would have to wait
// and wait is false.
func (m *Message) next(wait bool, limit int) []byte {
	if m.c == nil {
		return nil
	}
	for {
		if m.err == nil && m.c.over.Err() != nil {
			m.end(m.c.Err())
		}
		if m.err != nil || m.tooLarge && !m.skipping {
			return nil
		}
		seen := m.look(wait)
		if seen == nil {
			return nil
		}
		if piece := m.piece(seen[:min(len(seen), max(limit, len(terminator)))]); len(piece) > 0 {
			return piece[:min(len(piece), limit)]
		}
	}
}

// look returns the bytes that are there, enough of them to tell what the first one
// is, and nil if that means waiting and wait is false, or if no more come.
func (m *Message) look(wait bool) []byte {
	for {
		seen := m.c.lines.Peek()
		if len(seen) >= len(terminator) || len(seen) > 0 && !(m.at == lineStart && seen[0] == '.') {
			return seen
		}
		if !wait {
			return nil
		}
		if err := m.c.lines.More(); err != nil {
			m.lost(err)
			return nil
		}
	}
}

// piece returns the bytes of the message that are at the beginning of seen, once it
// has discarded what is none of them: as many lines at once as there are before the
// next dot. There are none where the message ends.
func (m *Message) piece(seen []byte) []byte {
	switch {
	case m.at == lineStart && bytes.HasPrefix(seen, []byte(terminator)):
		m.c.lines.Discard(len(terminator))
		m.whole = !m.skipping
		m.end(io.EOF)
		return nil
	case m.at == lineStart && seen[0] == '.':
		m.c.lines.Discard(len(dot))
		m.at = inLine
		return nil
	case m.at == afterCR && seen[0] == '\n':
		seen = seen[:1]
	default:
		if i := bytes.Index(seen, []byte("\r\n.")); i >= 0 {
			seen = seen[:i+len("\r\n")]
		}
	}
	if m.skipping || int64(len(seen)) <= m.room {
		return seen
	}
	m.tooLarge = m.room == 0
	return seen[:m.room]
}

// pass moves past bytes of the message.
func (m *Message) pass(taken []byte) {
	n := len(taken)
	if n == 0 {
		return
	}
	switch last := taken[n-1]; {
	case last == '\r':
		m.at = afterCR
	case last == '\n' && (n > 1 && taken[n-2] == '\r' || n == 1 && m.at == afterCR):
		m.at = lineStart
	default:
		m.at = inLine
	}
	m.room -= int64(n)
	m.c.lines.Discard(n)
	if !m.skipping {
		m.c.link.progress(n)
	}
}

// lost ends the session inside the message. The end of the connection must not be
// taken for the message's: io.EOF is not in the error.
func (m *Message) lost(err error) {
	cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if cut {
		err = &wire.Closed{Err: io.ErrUnexpectedEOF}
	}
	over := m.c.fail(fmt.Errorf("inside the message: %w", err))
	if cut && errors.Is(over, io.ErrUnexpectedEOF) {
		over = io.ErrUnexpectedEOF
	}
	m.end(over)
}

// end makes err what Read returns. Outside of a loop the call that gave the message
// is done.
func (m *Message) end(err error) {
	m.err = err
	if m.c.message == m {
		m.c.message = nil
		if m.c.batch == nil {
			m.c.done()
		}
	}
}
