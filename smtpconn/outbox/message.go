package outbox

import (
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// message is a message that is not over.
type message struct {
	key, id string
	serial  int // in the order of Put
	put     time.Time
	env     envelope
	size    int64
	sum     digest
	rcpts   []recipient
	mark    []int // recipients of the attempt whose mark is in the journal
	relay   int   // of that attempt
	tries   int
	next    time.Time // no attempt before

	// Of this run.
	expires  time.Time
	unsynced bool   // Put has not synced it, and it is not sent
	planned  bool   // it is in the schedule of deliveries, or an attempt is under way
	sending  bool   // an attempt is under way
	telling  bool   // it is in the schedule of what is told, or waits for a sync for it
	seq      uint64 // of the journal, when something was there to be told
	failed   int    // calls of Config.Result, in a row
	suspect  bool   // a damaged line of the journal may be about it
}

func (m *message) has(recipients []int) bool {
	return !slices.ContainsFunc(recipients, func(i int) bool { return i < 0 || i >= len(m.rcpts) })
}

// over reports whether nothing is left to be done for the message.
func (m *message) over() bool {
	open := func(r recipient) bool { return !r.ended() || !r.Told && r.State != cancelled }
	return !slices.ContainsFunc(m.rcpts, open)
}

// in returns the recipients in a state, by index.
func (m *message) in(s state) (list []int) {
	for i := range m.rcpts {
		if m.rcpts[i].State == s {
			list = append(list, i)
		}
	}
	return list
}

// change returns the entry that changes some recipients as f does.
func (m *message) change(list []int, f func(*recipient)) *entry {
	e := &entry{Msg: m.key, Do: doState, Tries: m.tries, Next: m.next}
	for _, i := range list {
		r := m.rcpts[i]
		f(&r)
		e.Recipients = append(e.Recipients, r)
	}
	return e
}

// entries returns the lines that say what is known of a message.
func (m *message) entries() []*entry {
	list := []*entry{{Msg: m.key, Do: doPut, ID: m.id, Time: m.put, Envelope: &m.env, Size: m.size, Sum: &m.sum}}
	state := m.change(nil, nil)
	for _, r := range m.rcpts {
		if r != (recipient{To: r.To, State: waiting}) {
			state.Recipients = append(state.Recipients, r)
		}
	}
	if len(state.Recipients) > 0 || m.tries > 0 {
		list = append(list, state)
	}
	if len(m.mark) > 0 {
		list = append(list, &entry{Msg: m.key, Do: doMark, To: m.mark, Relay: m.relay})
	}
	return list
}

// resend returns the entry that has sent again what is in doubt for some recipients.
func (m *message) resend(list []int, next time.Time, bound bool) *entry {
	e := m.change(list, func(r *recipient) { r.State, r.Twice, r.Bound = waiting, true, bound })
	e.Next = next
	return e
}

// stranded returns the recipients that wait for a relay beyond the number of relays.
func (m *message) stranded(relays int) (list []int) {
	for _, i := range m.in(waiting) {
		if r := &m.rcpts[i]; r.Bound && r.Relay >= relays {
			list = append(list, i)
		}
	}
	return list
}

// doubt puts recipients in doubt that are waiting.
func (m *message) doubt(list []int, why string) {
	for i := range m.rcpts {
		r := &m.rcpts[i]
		if r.State != waiting || !slices.Contains(list, i) {
			continue
		}
		r.State, r.Failure = inDoubt, &failure{Outcome: smtpconn.InDoubt, Phase: smtpconn.PhaseEnd, Error: why}
		if slices.Contains(m.mark, i) {
			r.Relay = m.relay
			r.Attempts++
		}
	}
}
