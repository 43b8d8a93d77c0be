package imapconn

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
)

// bulk is what the reader needs for exchanges.
type bulk struct {
	exchange *exchange // under way; s.mu is held over it
	reader   *message.Reader
	read     message.Fetch
}

// current returns the exchange that is under way, and nil if there is none.
func (s *stream) current() *exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bulk.exchange
}

// takeFetch reports whether a FETCH answers a command of this package, which then has it.
// One that only tells of flags is for go-imap's client, as ever.
func (s *stream) takeFetch(b []byte, h response.Head) (bool, error) {
	x := s.current()
	if x == nil {
		return false, nil
	}
	f := &s.bulk.read
	if s.bulk.reader.Read(b, h, f) != nil || f.UID == 0 || f.Size < 0 && len(f.Sections) == 0 {
		return false, nil
	}
	return s.deliverFetch(x, f, len(b), nil)
}

// takeMended is takeFetch for a FETCH that was written anew.
func (s *stream) takeMended(f mend.Fetch, h response.Head) (bool, error) {
	x := s.current()
	if x == nil || f.UID == 0 || !f.Asked {
		return false, nil
	}
	var why error
	for _, fault := range f.Faults {
		if fault.Class == mend.Unreadable && why == nil {
			why = unreadable(fault.What, fault.Words)
		}
	}
	read := &s.bulk.read
	if err := s.bulk.reader.Read(f.Out, response.ParseHead(f.Out), read); err != nil && why == nil {
		why = fmt.Errorf("imapconn: FETCH cannot be read: %w", err)
	}
	read.UID, read.SeqNum = imap.UID(f.UID), h.Number
	return s.deliverFetch(x, read, len(f.Out), why)
}

// deliverFetch gives a message to the exchange, or why it cannot be read, and reports whether
// it was asked for.
func (s *stream) deliverFetch(x *exchange, f *message.Fetch, size int, why error) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := x.wants(uint32(f.UID))
	if i < 0 {
		return false, nil
	}
	s.clock.progress(true)
	if x.kept += size; x.kept > 16*s.limits.Line {
		return true, exceeded("answers to a command that take more than %d bytes", 16*s.limits.Line)
	}
	if x.take != nil {
		x.take(f, why)
	}
	return true, nil
}

// wants returns the index of the first command that asks for a message, and -1 if there
// is none.
func (x *exchange) wants(uid uint32) int {
	for i, c := range x.commands {
		if c.wanted.contains(uid) {
			return i
		}
	}
	return -1
}

// complete notes the answer to a command of an exchange. s.mu is held.
func (s *stream) complete(b []byte, h response.Head, c *command) {
	x := c.own
	if c.waits {
		c.waits = false
		c.consent <- false
	}
	if !x.abandoned {
		*c.answer = answerOf(b, h)
	}
	s.pending.remove(c)
	select {
	case x.progress <- struct{}{}:
	default:
	}
	if x.left--; x.left == 0 {
		s.bulk.exchange = nil
		close(x.answered)
		s.turn.Broadcast()
	}
}

// answerOf reads a tagged response.
func answerOf(b []byte, h response.Head) answer {
	text := string(bytes.TrimSpace(b[h.Args:]))
	a := answer{came: true}
	if rest, ok := strings.CutPrefix(text, "["); ok {
		if inside, after, ok := strings.Cut(rest, "]"); ok {
			a.code, a.args, _ = strings.Cut(inside, " ")
			a.code, text = strings.ToUpper(wire.Printable(a.code)), strings.TrimSpace(after)
		}
	}
	if h.Kind != response.OK {
		a.refused = &imap.Error{
			Type: imap.StatusResponseType(h.Kind.Word()),
			Code: imap.ResponseCode(a.code),
			Text: wire.Printable(text),
		}
	}
	return a
}
