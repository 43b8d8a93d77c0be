package outbox

import (
	"errors"
	"slices"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// settle writes down what came of an attempt. It is called with the mutex held.
func (o *Outbox) settle(a *attempt) {
	m, now := a.m, time.Now()
	if a.damaged != nil {
		o.record(m.Change(a.to, func(r *journal.Recipient) {
			r.State, r.Failure = journal.Damaged, journal.NewFailure(smtpconn.NotSent, smtpconn.PhaseContent, nil, a.damaged)
		}))
		o.setAside(m.Key)
		return
	}
	down := a.receipt == nil && !a.again.IsZero() && (a.asked == 0 || a.err.Outcome == smtpconn.NotSent)
	e := m.Change(a.to, func(r *journal.Recipient) {
		if a.asked > 0 {
			r.Attempts++
			a.judge(r)
		}
	})
	if !down {
		e.Tries++
	}
	e.Next = now.Add(o.cfg.delay(max(e.Tries, 1)))
	if down && a.again.Before(e.Next) {
		e.Next = a.again
	}
	a.expire(e, now)
	if o.life.Err() != nil && a.err != nil && a.err.Outcome == smtpconn.NotSent {
		e.Next = now
	}
	if len(m.Mark) > 0 || a.asked > 0 && (a.receipt != nil || a.err.Outcome != smtpconn.NotSent) || slices.ContainsFunc(e.Recipients, func(r journal.Recipient) bool { return r.Ended() }) {
		o.record(e)
	} else {
		o.book.Apply(e) // nothing that a crash must not lose
	}
}

// expire ends what has waited for too long, if the attempt was one: a relay was asked,
// and neither this side nor credentials or a certificate were in the way.
func (a *attempt) expire(e *journal.Entry, now time.Time) {
	if a.asked == 0 || a.held || a.local != nil || a.o.life.Err() != nil || now.Before(a.m.Expires) {
		return
	}
	for i := range e.Recipients {
		if r := &e.Recipients[i]; r.State == journal.Waiting {
			r.State = journal.Expired
		}
	}
}

// judge sets what an attempt says about a recipient.
func (a *attempt) judge(r *journal.Recipient) {
	r.Relay = a.relay
	address := a.m.Envelope.To[r.To]
	if a.receipt != nil {
		a.received(r, address)
		return
	}
	if refusal := find(a.err.Refused, address); refusal != nil {
		r.Refuse(refusal)
		return
	}
	r.Failure = journal.NewFailure(a.err.Outcome, a.err.Phase, a.err.Reply, a.err.Err)
	switch a.err.Outcome {
	case smtpconn.InDoubt:
		a.doubt(r)
	case smtpconn.Refused:
		if a.err.MessageAtFault() && !a.err.Temporary() {
			r.State = journal.Refused
		}
	case smtpconn.NotSent:
		var missing *smtpconn.ExtensionError
		var tried *wire.Attempts // of a relay that has tried all that may have the extension
		wait := errors.As(a.err, &missing) && !errors.As(a.err, &tried)
		if a.local == nil && a.err.MessageAtFault() && !a.err.Temporary() && !wait {
			r.State = journal.Refused
		}
	}
}

// received sets what a receipt says about a recipient.
func (a *attempt) received(r *journal.Recipient, address string) {
	refusal := find(a.receipt.Refused, address)
	switch {
	case slices.Contains(a.receipt.Accepted, address):
		r.State, r.Reply, r.Failure = journal.Accepted, a.receipt.Reply, nil
	case refusal != nil:
		r.Refuse(refusal)
	default:
		r.Failure = journal.NewFailure(smtpconn.InDoubt, smtpconn.PhaseEnd, nil, errors.New("the receipt does not name the recipient"))
		a.doubt(r)
	}
}

// doubt holds a recipient, or has it sent again if the configuration says so.
func (a *attempt) doubt(r *journal.Recipient) {
	r.State = journal.InDoubt
	if a.o.cfg.ResendInDoubt {
		r.State, r.Twice, r.Bound = journal.Waiting, true, true
	}
}

// find returns the reply to a recipient among refusals.
func find(list []smtpconn.Refusal, address string) *smtpconn.Refusal {
	i := slices.IndexFunc(list, func(r smtpconn.Refusal) bool { return r.Recipient == address })
	if i < 0 {
		return nil
	}
	return &list[i]
}
