package stream

import (
	"fmt"
	"mime"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
)

// answersDo gives a response to the exchange that it is for, and reports whether there is
// one. A response that does not end with b is for none.
func (s *Stream) answersDo(b []byte, h response.Head, e response.Extent) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.bulk.exchange
	if e.Body > 0 || !x.TakesData(h) || len(h.Name(b)) == 0 {
		return false, nil
	}
	s.clock.progress(true)
	if x.Kept += len(b); x.Kept > 16*s.Limits.Line {
		return true, notice.Exceeded("answers to a command that take more than %d bytes", 16*s.Limits.Line)
	}
	if !x.Abandoned {
		x.Data(b, h)
	}
	return true, nil
}

// bulk is what the reader needs for exchanges.
type bulk struct {
	exchange *commands.Exchange // under way; s.mu is held over it
	words    *mime.WordDecoder  // for the reader
	reader   *message.Reader    // nil before the first FETCH of an exchange
	read     *message.Fetch     // what the reader reads into
}

// readFetch reads a FETCH of an exchange.
func (s *Stream) readFetch(b []byte, h response.Head) (*message.Fetch, error) {
	k := &s.bulk
	if k.reader == nil {
		k.reader, k.read = message.NewReader(s.Limits, k.words), new(message.Fetch)
	}
	return k.read, k.reader.Read(b, h, k.read)
}

// current returns the exchange that is under way, and nil if there is none.
func (s *Stream) current() *commands.Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bulk.exchange
}

// takeFetch reports whether a FETCH answers a command of an exchange, which then has it.
// One that only tells of flags is for go-imap's client, as ever.
func (s *Stream) takeFetch(b []byte, h response.Head) (bool, error) {
	x := s.current()
	if x == nil {
		return false, nil
	}
	f, err := s.readFetch(b, h)
	if err != nil || f.UID == 0 || !f.Asked() {
		return false, nil
	}
	return s.deliverFetch(x, f, len(b), nil)
}

// takeMended is takeFetch for a FETCH that was written anew.
func (s *Stream) takeMended(f mend.Fetch, h response.Head) (bool, error) {
	x := s.current()
	if x == nil || f.UID == 0 || !f.Asked {
		return false, nil
	}
	var why error
	for _, fault := range f.Faults {
		if fault.Class == mend.Unreadable && why == nil {
			why = notice.Unreadable(fault.What, fault.Words)
		}
	}
	read, err := s.readFetch(f.Out, response.ParseHead(f.Out))
	if err != nil && why == nil {
		why = fmt.Errorf("imapconn: FETCH cannot be read: %w", err)
	}
	read.UID, read.SeqNum = imap.UID(f.UID), h.Number
	return s.deliverFetch(x, read, len(f.Out), why)
}

// deliverFetch gives a message to the exchange, or why it cannot be read, and reports whether
// it was asked for.
func (s *Stream) deliverFetch(x *commands.Exchange, f *message.Fetch, size int, why error) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := x.Wants(uint32(f.UID))
	if i < 0 {
		return false, nil
	}
	s.awaitRoom(x, f)
	s.clock.progress(true)
	if x.Take == nil || !x.Take(f, why) {
		size = min(size, 256) // it takes no room, but there must not be many
	}
	if x.Kept += size; x.Kept > 16*s.Limits.Line {
		return true, notice.Exceeded("answers to a command that take more than %d bytes", 16*s.Limits.Line)
	}
	return true, nil
}

// complete notes the answer to a command of an exchange. s.mu is held.
func (s *Stream) complete(b []byte, h response.Head, c *commands.Command) {
	x := c.Own
	if c.Waits {
		c.Waits = false
		c.Consent <- false
	}
	if !x.Abandoned {
		*c.Answer = commands.AnswerOf(b, h)
		if c.Lost != nil && h.Kind == response.OK {
			c.Answer.Refused = &imap.Error{Type: imap.StatusResponseTypeNo, Code: CodeUnreadable, Text: wire.Printable(c.Lost.Error())}
		}
	}
	if x.Full != nil {
		x.Kept = 0
	}
	if !c.Writing {
		s.retire(c)
	}
	select {
	case x.Progress <- struct{}{}:
	default:
	}
}

// retire takes out a command of an exchange that is answered and written. After the last one
// the commands of others may be written. s.mu is held.
func (s *Stream) retire(c *commands.Command) {
	s.pending.Remove(c)
	if c.Own.Left--; c.Own.Left == 0 {
		s.bulk.exchange = nil
		close(c.Own.Answered)
		s.turn.Broadcast()
	}
}
