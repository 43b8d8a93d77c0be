package stream

import (
	"bytes"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
)

// farewell is a BYE.
type farewell struct {
	text     string
	expected bool // it answers LOGOUT
}

// heard looks at a status response for what no command returns.
func (s *Stream) heard(b []byte, h response.Head) {
	text := bytes.TrimSpace(b[h.Args:])
	const alert = "[ALERT]"
	if len(text) >= len(alert) && bytes.EqualFold(text[:len(alert)], []byte(alert)) {
		s.notices.Tell(notice.Notice{Alert: wire.Printable(string(bytes.TrimSpace(text[len(alert):])))})
	}
	if overflow := "[NOTIFICATIONOVERFLOW]"; len(text) >= len(overflow) && strings.EqualFold(string(text[:len(overflow)]), overflow) {
		s.observer.Overflow()
	}
	if h.Kind == response.BYE {
		s.bye("BYE " + string(text))
	}
}

// bye notes that the server leaves.
func (s *Stream) bye(text string) {
	s.mu.Lock()
	expected := s.pending.First(func(c *commands.Command) bool { return c.Name == "LOGOUT" }) != nil
	s.goodbye = &farewell{text: text, expected: expected}
	s.mu.Unlock()
	if !expected {
		s.notices.Tell(notice.Notice{Farewell: &dial.Farewell{Reply: wire.Printable(text)}})
	}
}

// continuation deals with a continuation request. One that no command waits for would
// make the client give up.
func (s *Stream) continuation(b []byte, h response.Head) error {
	s.mu.Lock()
	c := s.pending.Waiting()
	if c != nil {
		c.Waits = false
		if c.Own != nil {
			c.Consent <- true
			s.in.use(len(b))
			s.clock.progress(true)
			s.mu.Unlock()
			return nil
		}
		c.Idling = c.Name == "IDLE"
		s.clock.progress(s.pending.Due() != nil)
	}
	s.mu.Unlock()
	if c == nil {
		s.drop(len(b), mend.Unfamiliar, "a continuation request that no command waits for,")
		return nil
	}
	if s.scanner().Scan(b, h) {
		s.pass(len(b))
		return nil
	}
	s.replace(len(b), mend.ResponseOf(b, h, s.Limits).Out)
	return nil
}
