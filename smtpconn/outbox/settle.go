package outbox

import (
	"errors"
	"slices"
	"time"

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
	whole := a.tooMany()
	down := a.receipt == nil && !a.again.IsZero() && (a.asked == 0 || a.err.Outcome == smtpconn.NotSent)
	e := m.Change(a.to, func(r *journal.Recipient) {
		if a.asked > 0 {
			r.Attempts++
			a.judge(r, whole)
		}
	})
	split := a.split(e, whole)
	atOnce := split || m.HasUnasked() && (!down || a.asked == 0)
	if !down && !atOnce {
		e.Tries++
	}
	e.Next = now.Add(o.cfg.delay(max(e.Tries, 1)))
	if down && a.again.Before(e.Next) {
		e.Next = a.again
	}
	a.expire(e, now)
	if atOnce || o.life.Err() != nil && a.err != nil && a.err.Outcome == smtpconn.NotSent {
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

// judge sets what an attempt says about a recipient. whole means that the recipients were too
// many for the message as a whole.
func (a *attempt) judge(r *journal.Recipient, whole bool) {
	r.Relay = a.relay
	refusal, refused := a.refused[a.m.Envelope.To[r.To]]
	switch {
	case a.receipt != nil && slices.Contains(a.receipt.Accepted, a.m.Envelope.To[r.To]):
		r.State, r.Reply, r.Failure = journal.Accepted, a.receipt.Reply, nil
	case refused:
		r.Relay = refusal.relay
		r.Refuse(&refusal.Refusal)
		if len(a.to) > 1 && oneTooMany(refusal.Reply) {
			r.State = journal.Waiting
		}
	case a.receipt != nil:
		r.Failure = journal.NewFailure(smtpconn.InDoubt, smtpconn.PhaseEnd, nil, errors.New("the receipt does not name the recipient"))
		a.doubt(r)
	default:
		a.judgeError(r, whole)
	}
}

// judgeError sets what the error of the last relay says about a recipient.
func (a *attempt) judgeError(r *journal.Recipient, whole bool) {
	r.Failure = journal.NewFailure(a.err.Outcome, a.err.Phase, a.err.Reply, a.err.Err)
	switch a.err.Outcome {
	case smtpconn.InDoubt:
		a.doubt(r)
	case smtpconn.Refused:
		if a.err.MessageAtFault() && !a.err.Temporary() && !whole {
			r.State = journal.Refused
		}
	case smtpconn.NotSent:
		if a.isForGood() && !a.later && !whole {
			r.State = journal.Refused
		}
	}
}

// doubt holds a recipient, or has it sent again if the configuration says so.
func (a *attempt) doubt(r *journal.Recipient) {
	r.State = journal.InDoubt
	if a.o.cfg.ResendInDoubt {
		r.State, r.Twice, r.Bound = journal.Waiting, true, true
	}
}
