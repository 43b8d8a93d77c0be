package stream

import (
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
)

// moreNumbers reads on in a list of numbers, or writes on.
func (s *Stream) moreNumbers() error {
	n := s.numbers
	for !n.Ended() {
		used, err := n.Read(s.in.data())
		s.in.use(used)
		if err != nil {
			return err
		}
		if n.Ended() {
			break
		}
		if err := s.fill(1); err != nil {
			return err
		}
	}
	if n.Odd > 0 {
		s.notices.Faults([]mend.Fault{{Class: mend.Unreadable, What: "number of a message", Words: []byte(n.Example)}}, 0, 0)
		n.Odd = 0
	}
	if n.Lost { // a number, or a set of them, that go-imap's client would not miss
		s.lose(n.Kind(), notice.Unreadable("number of a message", []byte(n.Example)))
	}
	if s.awaiting(n.Kind()) == nil {
		s.numbers = nil
		s.drop(0, mend.Unfamiliar, "response "+n.Kind().Word()+", which answers no command,")
		return nil
	}
	out, done := n.Append(make([]byte, 0, 4<<10))
	if done {
		s.numbers = nil
	}
	s.made = out
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold(n.Kind(), len(out))
}
