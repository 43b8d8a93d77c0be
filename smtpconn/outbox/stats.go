package outbox

import (
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// Stats is what an outbox has at the moment. Numbers of messages are numbers of
// recipients.
type Stats struct {
	Waiting int // will be sent, now or later
	InDoubt int // are held until the program decides
	Untold  int // of which Config.Result or Config.Doubt has to be told; the former until it returns nil
	Unsaved int // changes that could not be written to the disk yet

	Oldest   time.Time // Put of the oldest message that waits or is in doubt; zero if there is none
	Messages int       // that are not over, whatever the number of recipients

	Relays []RelayStats // as in Config.Relays
}

// RelayStats is what the attempts with a relay have come to in this run.
type RelayStats struct {
	Accepted, Refused, NotSent, InDoubt int // attempts

	// Down is why the relay is not asked at the moment, a [*pool.DownError]; nil if it
	// is. If it is not Temporary a person has to do something.
	Down error
}

// Stats returns the numbers of this moment. It looks at every message.
func (o *Outbox) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := Stats{Messages: len(o.book.Messages), Unsaved: len(o.journal.Pending)}
	for _, m := range o.book.Messages {
		open := 0
		for i := range m.Recipients {
			switch r := &m.Recipients[i]; {
			case r.State == journal.Waiting:
				s.Waiting++
				open++
			case r.State == journal.InDoubt:
				s.InDoubt++
				open++
			}
			if o.toTell(m.Recipients[i]) {
				s.Untold++
			}
		}
		if open > 0 && (s.Oldest.IsZero() || m.Put.Before(s.Oldest)) {
			s.Oldest = m.Put
		}
	}
	for _, r := range o.relays {
		one := r.stats
		if r.down != nil {
			one.Down = r.down
		}
		s.Relays = append(s.Relays, one)
	}
	return s
}
