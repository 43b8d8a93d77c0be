package outbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// Doubtful returns the recipients for which a message is in doubt, in the order of Put.
func (o *Outbox) Doubtful() (list []Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.inOrder() {
		for _, i := range m.In(journal.InDoubt) {
			list = append(list, resultOf(m, &m.Recipients[i]))
		}
	}
	return list
}

// Resend has a message sent again to the recipients for which it is in doubt, with the
// same content. They may get it twice, and Result.MaybeTwice says so. If there are none
// the error is ErrNoMessage. After an error of the disk it may be sent again or not.
func (o *Outbox) Resend(ctx context.Context, id string) error {
	return o.end(ctx, id, journal.InDoubt, func(m *journal.Message) *journal.Entry { return m.Resend(m.In(journal.InDoubt), time.Now(), false) })
}

// resendDoubt has sent again what is in doubt, as Config.ResendInDoubt says. What was
// sent by a relay that is not in the configuration remains in doubt.
func (o *Outbox) resendDoubt(m *journal.Message) {
	unknown := func(i int) bool { return m.Recipients[i].Relay >= len(o.relays) }
	list := slices.DeleteFunc(m.In(journal.InDoubt), unknown)
	if len(list) == 0 {
		return
	}
	e := m.Resend(list, time.Now().Add(o.cfg.delay(m.Tries+1)), true)
	e.Tries++
	o.book.Apply(e)
}

// GiveUp ends a message for the recipients for which it is in doubt. Config.Result is
// told ErrGivenUp for each. If there are none the error is ErrNoMessage. After an error
// of the disk it may be in doubt again in the next run.
func (o *Outbox) GiveUp(ctx context.Context, id string) error {
	return o.end(ctx, id, journal.InDoubt, func(m *journal.Message) *journal.Entry {
		return m.Change(m.In(journal.InDoubt), func(r *journal.Recipient) { r.State = journal.GivenUp })
	})
}

// Cancel takes back a message for the recipients for which it waits; nothing is told of
// them. The id of a message that waits for all its recipients is free again. If none is
// waiting the error is ErrNoMessage, and ErrUnderWay while the message is being sent.
// After an error of the disk the message may be there in the next run.
func (o *Outbox) Cancel(ctx context.Context, id string) error {
	return o.end(ctx, id, journal.Waiting, func(m *journal.Message) *journal.Entry {
		list := m.In(journal.Waiting)
		if len(list) == len(m.Recipients) {
			return &journal.Entry{Msg: m.Key, Do: journal.DoForget}
		}
		e := m.Change(list, func(r *journal.Recipient) { r.State = journal.Cancelled })
		e.Time = time.Now()
		return e
	})
}

// end changes the recipients of a message that are in a state, and syncs that.
func (o *Outbox) end(ctx context.Context, id string, s journal.State, change func(*journal.Message) *journal.Entry) error {
	release, err := o.claim(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	if err := o.enter(); err != nil {
		return err
	}
	defer o.leave()
	m := o.book.IDs[id]
	switch {
	case m == nil || len(m.In(s)) == 0:
		return fmt.Errorf("%w that is %s: %q", ErrNoMessage, s, id)
	case s == journal.Waiting && m.Sending:
		return ErrUnderWay
	}
	if err := o.change(change(m)); err != nil {
		return full(err)
	}
	if m.Planned && !m.Sending && o.delivery.remove(m) {
		m.Planned = false // for another time, or none
	}
	o.plan(m)
	if err := o.sync(o.journal.Written); err != nil {
		return full(err)
	}
	if o.book.Messages[m.Key] == nil {
		o.discard(m)
	}
	return nil
}
