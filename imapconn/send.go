package imapconn

import "time"

// sending notes what the client is about to write, and reports whether it is not to be
// sent: it belongs to a command whose literal the server has refused.
func (s *stream) sending(p []byte) (swallowed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveWay()
	was, epoch := s.pending.due() != nil, s.pending.epoch
	swallowed = s.pending.refusing != nil && s.pending.open == s.pending.refusing
	if s.pending.write(p); s.pending.epoch != epoch {
		s.observer.Selecting()
	}
	if swallowed {
		s.swallow()
	}
	if due := s.pending.due() != nil; due && !was && s.clock.limit > 0 {
		s.clock.by = time.Now().Add(s.clock.limit)
	} else if !due {
		s.clock.by = time.Time{}
	}
	switch {
	case s.clock.away:
		s.guardAway()
	case s.pending.owed == nil: // else the read that waits was woken
		s.setDeadline()
	}
	return swallowed
}

// swallow notes that the client has written of a command whose literal was refused, and
// owes it what it waits for.
func (s *stream) swallow() {
	p := &s.pending
	switch {
	case p.open != p.refusing:
		p.owed, p.refusal = p.refusal, nil
	case p.open.waits:
		p.open.waits = false
		p.owed = []byte("+ \r\n")
	default:
		return
	}
	s.wake()
}

// wake interrupts a read that waits.
func (s *stream) wake() {
	s.clock.set = time.Unix(1, 0)
	s.conn.SetReadDeadline(s.clock.set)
}

// owed is give for a caller that does not hold s.mu.
func (s *stream) owed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.give()
}

// give gives the client what it gets from this side, if there is something: the consent
// to a literal that the server has refused, or the refusal at the end of the command.
// s.mu is held.
func (s *stream) give() bool {
	p := &s.pending
	if p.owed == nil {
		return false
	}
	s.made, p.owed = p.owed, nil
	if p.open != p.refusing {
		p.remove(p.refusing)
		p.refusing = nil
		s.clock.progress(p.due() != nil)
	}
	return true
}
