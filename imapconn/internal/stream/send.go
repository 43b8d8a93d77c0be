package stream

import "time"

// sending notes what the client is about to write, and reports whether it is not to be
// sent: it belongs to a command whose literal the server has refused, or to an IDLE that it
// has ended.
func (s *Stream) sending(p []byte) (swallowed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveWay()
	if s.pending.EndsNoIdle(p) {
		return true
	}
	was, epoch := s.pending.Due() != nil, s.pending.Epoch
	refused := s.pending.Refused
	swallowed = refused != nil && s.pending.Open == refused.Command
	if s.pending.Write(p); s.pending.Epoch != epoch {
		s.observer.Selecting()
	}
	if swallowed {
		s.swallow()
	}
	if due := s.pending.Due() != nil; due && !was && s.clock.limit > 0 {
		s.clock.by = time.Now().Add(s.clock.limit)
	} else if !due {
		s.clock.by = time.Time{}
	}
	switch {
	case s.clock.away:
		s.guardAway()
	case refused == nil || refused.Owed == nil: // else the read that waits was woken
		s.setDeadline()
	}
	return swallowed
}
