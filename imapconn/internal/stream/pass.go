package stream

import (
	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/values"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// SetOthers has the observer be told of other mailboxes than the selected one. names are
// theirs, by how they are written in a STATUS.
func (s *Stream) SetOthers(names map[string]string) {
	s.mu.Lock()
	s.others = names
	s.mu.Unlock()
}

// observeOthers tells the observer of a mailbox of which a STATUS speaks.
func (s *Stream) observeOthers(b []byte, h response.Head) {
	s.mu.Lock()
	others := s.others
	s.mu.Unlock()
	if others == nil {
		return
	}
	found, ok := values.Read(b[h.Args:], s.Limits, values.Types{
		Atom: func(text string) any { return text },
		List: func(members []any) any { return members },
	})
	if !ok || len(found) == 0 {
		return
	}
	written, _ := found[0].(string)
	if name, ok := others[written]; ok {
		s.observer.Changed(name)
	}
}

// scanner returns what judges whether the client reads a response as it stands.
func (s *Stream) scanner() *response.Scanner {
	if s.scan == nil {
		s.scan = &response.Scanner{Limits: &s.Limits}
	}
	return s.scan
}

// pass lets n bytes of the input pass to the client as they are.
func (s *Stream) pass(n int) {
	if s.from == s.to {
		s.from = s.in.start
	}
	s.in.use(n)
	s.to = s.in.start
}

// replace gives the client out in place of n bytes of the input.
func (s *Stream) replace(n int, out []byte) {
	s.in.use(n)
	s.made = out
}

// drop leaves n bytes of the input out.
func (s *Stream) drop(n int, class mend.Class, what string) {
	b := s.in.data()[:n]
	s.notices.Faults([]mend.Fault{{Class: class, What: what, Words: b}}, 0, 0)
	s.in.use(n)
}

// observe tells the observer of what a response says of the selected mailbox.
func (s *Stream) observe(b []byte, h response.Head) {
	switch h.Kind {
	case response.Status:
		s.observeOthers(b, h)
	case response.Exists:
		s.observer.Exists(h.Number)
	case response.Expunge:
		s.observer.Expunged(h.Number)
	}
}

// awaiting returns the oldest command that a kind of response answers, and nil if there
// is none.
func (s *Stream) awaiting(k response.Kind) *commands.Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.First(func(c *commands.Command) bool { return k.Answers(c.Name) })
}

// lose has the commands fail that a response of this kind may answer, as it was left out:
// data that is lost in silence would be taken for data that is not there. It reports
// whether there is one that would not have failed so already.
func (s *Stream) lose(k response.Kind, err error) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.pending.List {
		if k.Answers(c.Name) && c.Lost == nil {
			c.Lost, first = err, true
		}
	}
	return first
}
