package stream

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// CodeUnreadable is imapconn.ResponseCodeUnreadable.
const CodeUnreadable imap.ResponseCode = "UNREADABLE"

var errNoIdle = errors.New("imapconn: the server has answered IDLE without beginning it")

// tagged deals with the answer that completes a command.
func (s *Stream) tagged(b []byte, h response.Head) error {
	s.heard(b, h)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending.Find(h.Tag(b))
	switch {
	case c == nil && string(h.Tag(b)) == "DONE": // has crossed the server's own end of an IDLE
		s.drop(len(b), mend.Unfamiliar, "an answer to DONE, which is no command,")
		return nil
	case c == nil, c.Own != nil && c.Answer.Came:
		return wire.Violation(policy.ErrInjected, string(b))
	case !h.Kind.IsStatus() || h.Kind == response.BYE:
		return wire.Violation(policy.ErrMalformed, string(b))
	case c.Own != nil:
		s.complete(b, h, c)
		s.in.use(len(b))
		s.clock.progress(s.pending.Due() != nil)
		return nil
	}
	if c.Name == "IDLE" && c.Waits && c.Lost == nil {
		c.Lost = errNoIdle
	}
	if c.Idling {
		s.observer.IdleEnded()
	}
	answer, anew := s.answer(b, h, c)
	if c.Waits && s.pending.Open == c && s.canWake {
		c.Waits = false
		s.pending.Refused = &commands.Refused{Command: c, Refusal: slices.Clone(answer)}
		s.replace(len(b), []byte("+ \r\n"))
		return nil
	}
	if c.Name == "LOGOUT" && h.Kind == response.OK && s.goodbye == nil {
		s.goodbye = &farewell{expected: true} // some servers say no BYE
	}
	s.pending.Remove(c)
	s.kept, s.moves = 0, 0
	s.turn.Broadcast()
	s.clock.progress(s.pending.Due() != nil)
	if anew {
		s.replace(len(b), answer)
	} else {
		s.pass(len(b))
	}
	return nil
}

// answer returns what the client gets of the answer to a command, and whether that is
// written anew.
func (s *Stream) answer(b []byte, h response.Head, c *commands.Command) (out []byte, anew bool) {
	if c.Lost != nil && h.Kind == response.OK {
		text := bytes.Trim([]byte(wire.Printable(c.Lost.Error())), "[ ")
		return fmt.Appendf(nil, "T%d NO [%s] %s\r\n", c.Tag, CodeUnreadable, text[:min(len(text), response.MaxText)]), true
	}
	if s.scanner().Scan(b, h) {
		return b, false
	}
	r := mend.ResponseOf(b, h, s.Limits)
	s.notices.Faults(r.Faults, 0, 0)
	if r.Out == nil {
		return fmt.Appendf(nil, "T%d %s\r\n", c.Tag, h.Kind.Word()), true
	}
	return r.Out, true
}
