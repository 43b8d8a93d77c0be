package stream

import "time"

// give gives the client what it gets from this side, if there is something: the consent
// to a literal that the server has refused, or the refusal at the end of the command.
// s.mu is held.
func (s *Stream) give() bool {
	p := &s.pending
	r := p.Refused
	if r == nil || r.Owed == nil {
		return false
	}
	s.made, r.Owed = r.Owed, nil
	if p.Open != r.Command {
		p.Remove(r.Command)
		p.Refused = nil
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
	r := s.pending.Refused
	switch {
	case s.pending.Open != r.Command:
		r.Owed, r.Refusal = r.Refusal, nil
	case r.Waits:
		r.Waits = false
		r.Owed = []byte("+ \r\n")
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
