package stream

import "time"

// give gives the client what it gets from this side, if there is something: the consent
// to a literal that the server has refused, or the refusal at the end of the command.
// s.mu is held.
func (s *Stream) give() bool {
	p := &s.pending
	if p.Owed == nil {
		return false
	}
	s.made, p.Owed = p.Owed, nil
	if p.Open != p.Refusing {
		p.Remove(p.Refusing)
		p.Refusing = nil
		s.clock.progress(p.Due() != nil)
	}
	return true
}

// owed is give for a caller that does not hold s.mu.
func (s *Stream) owed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.give()
}

// swallow notes that the client has written of a command whose literal was refused, and
// owes it what it waits for.
func (s *Stream) swallow() {
	p := &s.pending
	switch {
	case p.Open != p.Refusing:
		p.Owed, p.Refusal = p.Refusal, nil
	case p.Open.Waits:
		p.Open.Waits = false
		p.Owed = []byte("+ \r\n")
	default:
		return
	}
	s.wake()
}

// wake interrupts a read that waits.
func (s *Stream) wake() {
	s.clock.set = time.Unix(1, 0)
	s.conn.SetReadDeadline(s.clock.set)
}

// between reports whether the client, when it has read what is ready, is between two
// responses.
func (s *Stream) between() bool { return !s.tail && s.numbers == nil && !s.joining }
