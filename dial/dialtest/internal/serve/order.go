package serve

import (
	"errors"
	"io"
	"strings"
	"sync"
	"time"
)

// Command carries out a command, or does what a rule says instead: reply is
// given the rule's reply, line by line.
func (s *Session) Command(command string, reply func(line string), usual func() error) error {
	r := s.order(command)
	if r.Reply == "" {
		if r.Skip {
			return nil
		}
		return usual()
	}
	say := sync.OnceFunc(func() {
		s.muted = false
		for line := range strings.SplitSeq(r.Reply, "\n") {
			reply(strings.TrimSuffix(line, "\r"))
		}
	})
	var err error
	if r.Obey {
		s.muted, s.reply = true, say
		err = usual()
		s.reply = nil
	}
	say()
	return err
}

// goAhead says and sends the line after which the connection is another one: a rule's
// reply, if the command is carried out with one.
func (s *Session) goAhead(line string) {
	if s.reply != nil {
		s.reply()
	} else {
		s.Say("%s", line)
	}
	s.out.Flush()
}

// order does what a rule says before anything is answered, and returns the rule.
// The zero Rule is none.
func (s *Session) order(moment string) Rule {
	r := s.Rules.take(Moment{moment, s.Number, s.Message}, s.Open())
	s.pause(r.Delay)
	if r.Do != nil {
		r.Do(moment)
	}
	if r.Bytes != 0 {
		s.out.Flush()
		s.limit = max(r.Bytes, 0)
	}
	if r.End != GoOn {
		s.end = r.End
	}
	return r
}

// pause waits, when what is queued has been sent.
func (s *Session) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	s.out.Flush()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.cut:
	}
}

// finish ends the connection as a rule says.
func (s *Session) finish() error {
	s.out.Flush()
	switch s.end {
	case Close:
		s.conn.flush()
		if s.limit < 0 {
			return ErrEnd
		}
	case Reset:
		s.conn.flush()
		if c, ok := s.conn.Conn.(interface{ SetLinger(int) error }); ok {
			c.SetLinger(0)
		}
		return errCut
	case Stall:
		io.Copy(io.Discard, s.in)
	}
	return errEndSilently
}

// errEndSilently ends a session without a farewell of TLS.
var errEndSilently = errors.New("end of session, without a farewell")

// Ending reports whether a rule has ended the session.
func (s *Session) Ending() bool { return s.end != GoOn }
