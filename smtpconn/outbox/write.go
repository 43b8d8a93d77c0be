package outbox

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"time"
)

// The methods of this file are called with the mutex held.

// change writes a line to the journal and does what it says. After an error nothing is
// changed.
func (o *Outbox) change(e *entry) error {
	if err := o.journal.append(e); err != nil {
		return err
	}
	return o.apply(e)
}

// record is change for what has happened whether it can be written or not.
func (o *Outbox) record(e *entry) {
	o.journal.record(e)
	o.apply(e)
}

// apply does what a line says that was written.
func (o *Outbox) apply(e *entry) error {
	err := o.book.apply(e)
	o.compact()
	return err
}

// compact writes the journal anew if most of its lines no longer matter. If that fails,
// it is not tried again before the journal has twice as many lines.
func (o *Outbox) compact() {
	j := o.journal
	most := func() int { return max(o.compactAt, 4*len(o.messages)+2*len(o.kept)+o.slack) }
	if j.lines <= most() {
		return
	}
	o.compactAt = 0
	if o.journal.rewrite() != nil {
		o.compactAt = 2 * j.lines
	}
}

// sync returns when the lines up to a number are on disk, and lets be told what was
// waiting for that. The mutex is not held meanwhile.
func (o *Outbox) sync(until uint64) error {
	err := o.journal.sync(until)
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
	if o.sync(o.journal.written) != nil {
		o.flushSet = true
		o.flushing.Reset(o.cfg.RetryDelay)
	}
}

// plan schedules what is to be done for a message.
func (o *Outbox) plan(m *message) {
	if o.messages[m.key] != m {
		return
	}
	if !m.planned && !m.unsynced && len(m.in(waiting)) > 0 {
		m.planned = true
		o.delivery.add(m.next, m)
	}
	if !slices.ContainsFunc(m.rcpts, o.toTell) {
		return
	}
	m.seq = o.journal.written
	if !m.telling {
		m.telling = true
		o.untold = append(o.untold, m)
		o.release()
	}
}

// toTell reports whether a handler is to be called for a recipient.
func (o *Outbox) toTell(r recipient) bool {
	return r.State == inDoubt && !r.doubtTold && o.cfg.Doubt != nil || r.ended() && !r.Told && r.State != cancelled
}

// release schedules what is to be told and is synced.
func (o *Outbox) release() {
	n := 0
	for n < len(o.untold) && o.untold[n].seq <= o.journal.synced {
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
func (o *Outbox) discard(m *message) { os.Remove(o.contentPath(m.key)) }

// inOrder returns the messages in the order of Put.
func (o *Outbox) inOrder() []*message {
	return slices.SortedFunc(maps.Values(o.messages), func(a, b *message) int { return cmp.Compare(a.serial, b.serial) })
}
