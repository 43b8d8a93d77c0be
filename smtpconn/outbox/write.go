package outbox

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// The methods of this file are called with the mutex held.

// change writes a line to the journal and does what it says. After an error nothing is
// changed.
func (o *Outbox) change(e *journal.Entry) error {
	if err := o.journal.Append(e); err != nil {
		return err
	}
	return o.apply(e)
}

// record is change for what has happened whether it can be written or not.
func (o *Outbox) record(e *journal.Entry) {
	o.journal.Record(e)
	o.apply(e)
}

// apply does what a line says that was written.
func (o *Outbox) apply(e *journal.Entry) error {
	err := o.book.Apply(e)
	o.compact()
	return err
}

// compact writes the journal anew if most of its lines no longer matter. If that fails,
// it is not tried again before the journal has twice as many lines.
func (o *Outbox) compact() {
	j := o.journal
	most := func() int { return max(o.compactAt, 4*len(o.book.Messages)+2*len(o.book.Kept)+o.slack) }
	if j.Lines <= most() {
		return
	}
	o.compactAt = 0
	if o.journal.Rewrite() != nil {
		o.compactAt = 2 * j.Lines
	}
}

// sync returns when the lines up to a number are on disk, and lets be told what was
// waiting for that. The mutex is not held meanwhile.
func (o *Outbox) sync(until uint64) error {
	err := o.journal.Sync(until)
	o.release()
	return err
}

// flushDelay is how long the end of a message may be unsynced, if nothing else is synced.
const flushDelay = 100 * time.Millisecond

// flush syncs what was not synced with a mark.
func (o *Outbox) flush() {
	if o.enter() != nil {
		return
	}
	defer o.leave()
	o.flushSet = false
	if o.sync(o.journal.Written) != nil {
		o.flushSet = true
		o.flushing.Reset(o.cfg.RetryDelay)
	}
}

// plan schedules what is to be done for a message.
func (o *Outbox) plan(m *journal.Message) {
	if o.book.Messages[m.Key] != m {
		return
	}
	if !m.Planned && !m.Unsynced && len(m.In(journal.Waiting)) > 0 {
		m.Planned = true
		o.delivery.add(m.Next, m)
	}
	if !slices.ContainsFunc(m.Recipients, o.toTell) {
		return
	}
	m.Seq = o.journal.Written
	if !m.Telling {
		m.Telling = true
		o.untold = append(o.untold, m)
		o.release()
	}
}

// toTell reports whether a handler is to be called for a recipient.
func (o *Outbox) toTell(r journal.Recipient) bool {
	return r.State == journal.InDoubt && !r.DoubtTold && o.cfg.Doubt != nil || r.Ended() && !r.Told && r.State != journal.Cancelled
}

// release schedules what is to be told and is synced.
func (o *Outbox) release() {
	n := 0
	for n < len(o.untold) && o.untold[n].Seq <= o.journal.Synced {
		o.telling.add(time.Now(), o.untold[n])
		n++
	}
	o.untold = slices.Delete(o.untold, 0, n)
	if len(o.untold) > 0 && !o.closed && !o.flushSet { // another end must not put it off
		o.flushSet = true
		o.flushing.Reset(flushDelay)
	}
}

// discard removes the content of a message that is over.
func (o *Outbox) discard(m *journal.Message) { os.Remove(o.contentPath(m.Key)) }

// inOrder returns the messages in the order of Put.
func (o *Outbox) inOrder() []*journal.Message {
	return slices.SortedFunc(maps.Values(o.book.Messages), func(a, b *journal.Message) int { return cmp.Compare(a.Serial, b.Serial) })
}
