package imapconn

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// ResponseCodeUnreadable is the code of the *imap.Error of a command that the server
// has completed, but whose answer could not be read. No server sent it.
const ResponseCodeUnreadable imap.ResponseCode = "UNREADABLE"

var errNoIdle = errors.New("imapconn: the server has answered IDLE without beginning it")

// tagged deals with the answer that completes a command.
func (s *stream) tagged(b []byte, h response.Head) error {
	s.heard(b, h)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending.find(h.Tag(b))
	switch {
	case c == nil:
		return wire.Violation(policy.ErrInjected, string(b))
	case !h.Kind.IsStatus() || h.Kind == response.BYE:
		return wire.Violation(policy.ErrMalformed, string(b))
	case c.own != nil:
		s.complete(b, h, c)
		s.in.use(len(b))
		s.clock.progress(s.pending.due() != nil)
		return nil
	}
	if c.name == "IDLE" && c.waits && c.lost == nil {
		c.lost = errNoIdle
	}
	answer, anew := s.answer(b, h, c)
	if c.waits && s.pending.open == c && s.canWake {
		c.waits = false
		s.pending.refusing, s.pending.refusal = c, slices.Clone(answer)
		s.replace(len(b), []byte("+ \r\n"))
		return nil
	}
	if c.name == "LOGOUT" && h.Kind == response.OK && s.goodbye == nil {
		s.goodbye = &farewell{expected: true} // some servers say no BYE
	}
	s.pending.remove(c)
	s.kept, s.moves = 0, 0
	s.turn.Broadcast()
	s.clock.progress(s.pending.due() != nil)
	if anew {
		s.replace(len(b), answer)
	} else {
		s.pass(len(b))
	}
	return nil
}

// answer returns what the client gets of the answer to a command, and whether that is
// written anew.
func (s *stream) answer(b []byte, h response.Head, c *command) (out []byte, anew bool) {
	if c.lost != nil && h.Kind == response.OK {
		text := bytes.Trim([]byte(wire.Printable(c.lost.Error())), "[ ")
		return fmt.Appendf(nil, "T%d NO [%s] %s\r\n", c.tag, ResponseCodeUnreadable, text[:min(len(text), response.MaxText)]), true
	}
	if s.scan.Scan(b, h) {
		return b, false
	}
	r := mend.ResponseOf(b, h, s.limits)
	s.notices.faults(r.Faults, 0, 0)
	if r.Out == nil {
		return fmt.Appendf(nil, "T%d %s\r\n", c.tag, h.Kind.Word()), true
	}
	return r.Out, true
}
