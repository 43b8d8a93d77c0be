package imapwatch

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/internal/outage"
)

// signTime is how long a server may take for a sign of life after a nudge, or after a sleep
// of the machine, when the connection is likely to be dead.
const signTime = 30 * time.Second

// wait waits for the server to tell of something, by IDLE where that works, and at most
// until something else is due.
func (s *session) wait(ctx context.Context) error {
	idle, err := s.beginIdle()
	if err != nil {
		return err
	}
	began := time.Now()
	doubtful, quiet := s.listen(ctx, idle != nil)
	if doubtful {
		s.polled = time.Time{}
		defer time.AfterFunc(signTime, func() {
			s.dead.Store(true)
			s.client.Abort()
		}).Stop()
	}
	if idle != nil {
		over, err := s.endIdle(idle, began)
		if err != nil {
			return err
		}
		quiet = quiet || over
	}
	switch over := s.client.Err(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case over != nil:
		return s.failure(over)
	case s.view.overflowed():
		s.conn.overflow = true
		return s.failure(errOverflow)
	}
	if quiet || doubtful || idle == nil && s.current != nil { // a STATUS of another mailbox tells nothing of this one
		return s.outage(s.client.Noop().Wait())
	}
	return nil
}

// beginIdle begins an IDLE. It returns nil if the server does not want that, or no
// mailbox is selected.
func (s *session) beginIdle() (*imapclient.IdleCommand, error) {
	if !s.idles || s.current == nil {
		return nil, nil
	}
	idle, err := s.client.Idle()
	if err != nil {
		return nil, s.idleFailure(err)
	}
	return idle, nil
}

// endIdle ends an IDLE, and reports whether the server had ended it before, and so has told
// nothing since. A server that ends one at once is asked from then on like one without.
func (s *session) endIdle(idle *imapclient.IdleCommand, began time.Time) (over bool, err error) {
	err = idle.Close()
	if waited := idle.Wait(); err == nil {
		err = waited
	}
	if over = s.view.takeUnheard(); over && time.Since(began) < s.MinDelay {
		s.idles = false
	}
	return over, s.idleFailure(err)
}

// idleFailure is failure for an IDLE. A server that refuses it, at its beginning or at its
// end, is asked from then on like one without.
func (s *session) idleFailure(err error) error {
	err = s.failure(err)
	if _, refused := err.(*imap.Error); refused {
		s.idles = false
		return nil
	}
	return err
}

// listen returns when the server has told of something or has ended the session, when
// something is due, or when ctx ends. doubtful means that the connection may have died by
// now, and quiet that the server has to be asked.
func (s *session) listen(ctx context.Context, idle bool) (doubtful, quiet bool) {
	sleep, nudge := outage.NewSleep(s.clock), s.nudge
	due, ask := s.due(), time.Now().Add(s.Poll)
	for {
		if idle {
			ask = time.Now().Add(s.Renew - s.view.silence())
		}
		now := time.Now()
		switch {
		case sleep.Slept():
			return true, false
		case !now.Before(ask):
			return false, true
		case !now.Before(due):
			return false, false
		}
		listening, calm := nudge, s.nudged.Add(s.MinDelay)
		wake := min(outage.Glance, ask.Sub(now), due.Sub(now))
		if now.Before(calm) {
			listening, wake = nil, min(wake, calm.Sub(now))
		}
		select {
		case <-s.view.wake:
			return false, false
		case <-s.client.Closed():
			return false, false
		case <-ctx.Done():
			return false, false
		case _, open := <-listening:
			if open {
				s.nudged = time.Now()
				return true, false
			}
			nudge = nil
		case <-time.After(wake):
		}
	}
}

// due returns when the next mailbox is to be looked at, whatever the server says.
func (s *session) due() time.Time {
	due := time.Now().Add(s.Recheck)
	for _, b := range s.boxes {
		if b != s.current {
			due = earlier(due, s.polled.Add(s.Poll))
			if s.view.told(b.name) {
				due = earlier(due, b.asked.Add(s.MinDelay))
			}
		}
		if !b.refused {
			due = earlier(due, b.looked.Add(s.distance(b)))
		}
	}
	return due
}

// distance returns how far apart looks at a mailbox as a whole are.
func (s *session) distance(b *box) time.Duration {
	if len(b.lacking) > 0 {
		return min(s.Poll, s.Recheck)
	}
	return s.Recheck
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
