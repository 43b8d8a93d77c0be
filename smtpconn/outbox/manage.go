package outbox

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Doubtful returns the recipients for which a message is in doubt, in the order of Put.
func (o *Outbox) Doubtful() (list []Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.inOrder() {
		for _, i := range m.in(inDoubt) {
			list = append(list, resultOf(m, &m.rcpts[i]))
		}
	}
	return list
}

// Resend has a message sent again to the recipients for which it is in doubt, with the
// same content. They may get it twice, and Result.MaybeTwice says so. If there are none
// the error is ErrNoMessage. After an error of the disk it may be sent again or not.
func (o *Outbox) Resend(ctx context.Context, id string) error {
	return o.end(ctx, id, inDoubt, func(m *message) *entry { return m.resend(m.in(inDoubt), time.Now(), false) })
}

// resendDoubt has sent again what is in doubt, as Config.ResendInDoubt says. What was
// sent by a relay that is not in the configuration remains in doubt.
func (o *Outbox) resendDoubt(m *message) {
	unknown := func(i int) bool { return m.rcpts[i].Relay >= len(o.relays) }
	list := slices.DeleteFunc(m.in(inDoubt), unknown)
	if len(list) == 0 {
		return
	}
	e := m.resend(list, time.Now().Add(o.cfg.delay(m.tries+1)), true)
	e.Tries++
	o.book.apply(e)
}

// GiveUp ends a message for the recipients for which it is in doubt. Config.Result is
// told ErrGivenUp for each. If there are none the error is ErrNoMessage. After an error
// of the disk it may be in doubt again in the next run.
func (o *Outbox) GiveUp(ctx context.Context, id string) error {
	return o.end(ctx, id, inDoubt, func(m *message) *entry {
		return m.change(m.in(inDoubt), func(r *recipient) { r.State = givenUp })
	})
}

// Cancel takes back a message for the recipients for which it waits; nothing is told of
// them. The id of a message that waits for all its recipients is free again. If none is
// waiting the error is ErrNoMessage, and ErrUnderWay while the message is being sent.
// After an error of the disk the message may be there in the next run.
func (o *Outbox) Cancel(ctx context.Context, id string) error {
	return o.end(ctx, id, waiting, func(m *message) *entry {
		list := m.in(waiting)
		if len(list) == len(m.rcpts) {
			return &entry{Msg: m.key, Do: doForget}
		}
		e := m.change(list, func(r *recipient) { r.State = cancelled })
		e.Time = time.Now()
		return e
	})
}

// end changes the recipients of a message that are in a state, and syncs that.
func (o *Outbox) end(ctx context.Context, id string, s state, change func(*message) *entry) error {
	release, err := o.claim(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	if err := o.enter(); err != nil {
		return err
	}
	defer o.leave()
	m := o.ids[id]
	switch {
	case m == nil || len(m.in(s)) == 0:
		return fmt.Errorf("%w that is %s: %q", ErrNoMessage, s, id)
	case s == waiting && m.sending:
		return ErrUnderWay
	}
	if err := o.change(change(m)); err != nil {
		return full(err)
	}
	if m.planned && !m.sending && o.delivery.remove(m) {
		m.planned = false // for another time, or none
	}
	o.plan(m)
	if err := o.sync(o.journal.written); err != nil {
		return full(err)
	}
	if o.messages[m.key] == nil {
		o.discard(m)
	}
	return nil
}
