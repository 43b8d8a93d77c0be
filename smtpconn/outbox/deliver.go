package outbox

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"syscall"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// deliver tries to send a message.
func (o *Outbox) deliver(m *journal.Message) {
	o.mu.Lock()
	a := &attempt{o: o, m: m, refused: map[string]refusal{}}
	a.choose()
	m.Sending = len(a.to) > 0 && o.book.Messages[m.Key] == m
	sending := m.Sending
	o.mu.Unlock()
	if sending {
		a.run()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	m.Sending, m.Planned = false, false
	if sending {
		o.settle(a)
		o.plan(m)
	}
}

// choose sets the recipients of the attempt: those that wait and may be sent by the same
// relays as the first of them, as many as a relay takes. All that wait have their turn
// before one has another.
func (a *attempt) choose() {
	m := a.m
	list := m.In(journal.Waiting)
	if !m.HasUnasked() {
		for i := range m.Recipients {
			m.Recipients[i].Asked = false
		}
	}
	for _, i := range list {
		r := &m.Recipients[i]
		if r.Asked || !a.hasRoom(i) {
			continue
		}
		if len(a.to) == 0 {
			a.bound, a.relay = r.Bound, r.Relay
		}
		if r.Bound == a.bound && (!a.bound || r.Relay == a.relay) {
			a.to = append(a.to, i)
			r.Asked = true
		}
	}
}

func (a *attempt) run() {
	content, err := a.o.openContent(a.m)
	if err != nil {
		a.fail(err)
		return
	}
	defer content.Close()
	only := a.relay
	for i, r := range a.o.relays {
		if a.bound && i != only || !a.isReady(r) {
			continue
		}
		if _, err := content.Seek(0, io.SeekStart); err != nil {
			a.fail(err)
			return
		}
		a.send(i, r, content)
		if a.isOver() {
			return
		}
		a.later = a.later || !a.isForGood()
	}
}

// isOver reports whether no other relay is asked.
func (a *attempt) isOver() bool {
	return a.receipt != nil || a.err.Outcome != smtpconn.NotSent || a.tooMany() || len(a.open()) == 0 ||
		a.local != nil || a.damaged != nil || a.o.life.Err() != nil
}

// fail notes an error on this side: the content is damaged, or cannot be read for now.
func (a *attempt) fail(err error) {
	for _, damage := range []error{errChanged, fs.ErrNotExist, ErrExposed, syscall.EIO} {
		if errors.Is(err, damage) {
			a.damaged = err
			return
		}
	}
	a.local = err
}

// isReady reports whether a relay may be asked, and notes when it may if not.
func (a *attempt) isReady(r *relay) bool {
	a.o.mu.Lock()
	defer a.o.mu.Unlock()
	ready := r.ready(time.Now())
	if !ready {
		a.isDown(r)
	}
	return ready
}

func (a *attempt) isDown(r *relay) {
	a.later = true
	a.held = a.held || !r.down.Temporary()
	if a.again.IsZero() || r.until.Before(a.again) {
		a.again = r.until
	}
}

var errNoReceipt = errors.New("the relay returned neither a receipt nor an error")

// send asks a relay.
func (a *attempt) send(i int, r *relay, content *stored) {
	to := a.open()
	for _, i := range to { // what this relay says of them counts
		delete(a.refused, a.m.Envelope.To[i])
	}
	e := a.m.Envelope.Attempt(to)
	e.BeforeEnd = func(context.Context) error {
		if err := content.check(); err != nil {
			return err
		}
		return a.mark(i, to)
	}
	a.relay, a.err = i, nil
	a.asked++
	var err error
	if a.receipt, err = r.Send(a.o.life, e, content); err == nil && a.receipt == nil {
		err = errNoReceipt
	}
	if err := content.failed(); err != nil && a.receipt == nil {
		a.fail(err)
	}
	a.o.mu.Lock()
	defer a.o.mu.Unlock()
	if err != nil {
		a.receipt, a.err = nil, a.sendError(err)
		err = a.err
		a.refusedBy(i, a.err.Refused)
	} else {
		a.refusedBy(i, a.receipt.Refused)
	}
	r.note(time.Now(), err, a.o.cfg.RetryDelay)
	if r.down != nil {
		a.isDown(r)
	}
}

func (a *attempt) refusedBy(relay int, list []smtpconn.Refusal) {
	for _, r := range list {
		a.refused[r.Recipient] = refusal{r, relay}
	}
}

// sendError returns the error of a relay as one that says what became of the message.
func (a *attempt) sendError(err error) *smtpconn.SendError {
	var failed *smtpconn.SendError
	marked := len(a.m.Mark) > 0 && a.m.Relay == a.relay
	switch {
	case !errors.As(err, &failed):
		failed = &smtpconn.SendError{Outcome: smtpconn.NotSent, Err: err}
		if marked {
			failed.Outcome = smtpconn.InDoubt
		}
	case failed.Outcome == smtpconn.InDoubt && !marked: // it has not come to that
		own := *failed
		own.Outcome = smtpconn.NotSent
		failed = &own
	}
	return failed
}

// mark writes to the journal that a relay is about to be given the end of the message,
// and syncs that.
func (a *attempt) mark(i int, to []int) error {
	o, m := a.o, a.m
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(m.Mark) > 0 && m.Relay == i {
		return nil // the relay tries again itself
	}
	err := o.change(&journal.Entry{Msg: m.Key, Do: journal.DoMark, To: to, Relay: i})
	if err == nil {
		if err = o.sync(o.journal.Written); err != nil {
			m.Mark = nil // the journal is written anew without it
		}
	}
	a.local = err
	return err
}
