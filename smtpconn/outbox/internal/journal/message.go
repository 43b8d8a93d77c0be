package journal

import (
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// Message is a message that is not over. The outbox sets what is of this run, and the
// journal does not have it.
type Message struct {
	Key, ID    string
	Serial     int // in the order of Put
	Put        time.Time
	Envelope   Envelope
	Size       int64
	Sum        Digest
	Recipients []Recipient
	Mark       []int // recipients of the attempt whose mark is in the journal
	Relay      int   // of that attempt
	Tries      int
	Next       time.Time // no attempt before

	// Of this run.
	Expires  time.Time
	Unsynced bool   // Put has not synced it, and it is not sent
	Planned  bool   // it is in the schedule of deliveries, or an attempt is under way
	Sending  bool   // an attempt is under way
	Most     int    // recipients of an attempt: a relay takes no more; 0 for all
	ByDomain bool   // the recipients of an attempt are of one domain: a relay takes no others
	Telling  bool   // it is in the schedule of what is told, or waits for a sync for it
	Seq      uint64 // of the journal, when something was there to be told
	Failed   int    // calls of Config.Result, in a row
	TellFrom int    // the recipient that is told first
	suspect  bool   // a damaged line of the journal may be about it
}

func (m *Message) has(recipients []int) bool {
	return !slices.ContainsFunc(recipients, func(i int) bool { return i < 0 || i >= len(m.Recipients) })
}

// over reports whether nothing is left to be done for the message.
func (m *Message) over() bool {
	open := func(r Recipient) bool { return !r.Ended() || !r.Told && r.State != Cancelled }
	return !slices.ContainsFunc(m.Recipients, open)
}

// In returns the recipients in a state, by index.
func (m *Message) In(s State) (list []int) {
	for i := range m.Recipients {
		if m.Recipients[i].State == s {
			list = append(list, i)
		}
	}
	return list
}

// HasUnasked reports whether a recipient waits that has not had its attempt, while others
// may have.
func (m *Message) HasUnasked() bool {
	return slices.ContainsFunc(m.Recipients, func(r Recipient) bool { return r.State == Waiting && !r.Asked })
}

// Change returns the entry that changes some recipients as f does.
func (m *Message) Change(list []int, f func(*Recipient)) *Entry {
	e := &Entry{Msg: m.Key, Do: DoState, Tries: m.Tries, Next: m.Next}
	for _, i := range list {
		r := m.Recipients[i]
		f(&r)
		e.Recipients = append(e.Recipients, r)
	}
	return e
}

// Entries returns the lines that say what is known of a message.
func (m *Message) Entries() []*Entry {
	list := []*Entry{{Msg: m.Key, Do: DoPut, ID: m.ID, Time: m.Put, Envelope: &m.Envelope, Size: m.Size, Sum: &m.Sum}}
	state := m.Change(nil, nil)
	for _, r := range m.Recipients {
		if r != (Recipient{To: r.To, State: Waiting}) {
			state.Recipients = append(state.Recipients, r)
		}
	}
	if len(state.Recipients) > 0 || m.Tries > 0 {
		list = append(list, state)
	}
	if len(m.Mark) > 0 {
		list = append(list, &Entry{Msg: m.Key, Do: DoMark, To: m.Mark, Relay: m.Relay})
	}
	return list
}

// Resend returns the entry that has sent again what is in doubt for some recipients.
func (m *Message) Resend(list []int, next time.Time, bound bool) *Entry {
	e := m.Change(list, func(r *Recipient) { r.State, r.Twice, r.Bound, r.Asked = Waiting, true, bound, false })
	e.Next = next
	return e
}

// Stranded returns the recipients that wait for a relay beyond the number of relays.
func (m *Message) Stranded(relays int) (list []int) {
	for _, i := range m.In(Waiting) {
		if r := &m.Recipients[i]; r.Bound && r.Relay >= relays {
			list = append(list, i)
		}
	}
	return list
}

// Doubt puts recipients in doubt that are waiting.
func (m *Message) Doubt(list []int, why string) {
	for i := range m.Recipients {
		r := &m.Recipients[i]
		if r.State != Waiting || !slices.Contains(list, i) {
			continue
		}
		r.State, r.Failure = InDoubt, &Failure{Outcome: smtpconn.InDoubt, Phase: smtpconn.PhaseEnd, Error: why}
		if slices.Contains(m.Mark, i) {
			r.Relay = m.Relay
			r.Attempts++
		}
	}
}
