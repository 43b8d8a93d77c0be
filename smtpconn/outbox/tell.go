package outbox

import (
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// tell calls the handlers for a message, until one fails. It begins behind the recipient for
// which one has failed before: that one must not keep the others untold.
func (o *Outbox) tell(m *journal.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m.Telling = false
	for n, from := 0, m.TellFrom; n < len(m.Recipients); n++ {
		i := (from + n) % len(m.Recipients)
		if !o.toTell(m.Recipients[i]) || o.closed && o.life.Err() != nil {
			continue
		}
		if m.Seq > o.journal.Synced { // it may have come while a handler was called
			break
		}
		if err := o.tellOne(m, i); err != nil {
			m.Failed++
			m.TellFrom = i + 1
			m.Telling = true
			o.telling.add(time.Now().Add(o.cfg.delay(m.Failed)), m)
			return
		}
		m.Failed = 0
	}
	if o.book.Messages[m.Key] == nil {
		o.discard(m)
		return
	}
	o.plan(m)
}

// tellOne calls a handler for a recipient. The mutex is not held meanwhile.
func (o *Outbox) tellOne(m *journal.Message, i int) error {
	r := m.Recipients[i]
	result := resultOf(m, &r)
	m.Telling = true
	o.mu.Unlock()
	var err error
	switch {
	case r.State == journal.InDoubt:
		o.cfg.Doubt(o.life, result)
	case o.cfg.Result != nil:
		err = o.cfg.Result(o.life, result)
	}
	o.mu.Lock()
	m.Telling = false
	if r.State == journal.InDoubt {
		m.Recipients[i].DoubtTold = m.Recipients[i].State == journal.InDoubt
		return nil
	}
	if err == nil {
		o.record(&journal.Entry{Msg: m.Key, Do: journal.DoTold, To: []int{i}, Time: time.Now()})
	}
	return err
}
