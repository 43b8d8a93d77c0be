package pool

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

var (
	errNilContext = errors.New("pool: nil context")
	errNilContent = errors.New("pool: no content")
)

// Send sends a message over one of the connections, and returns when its
// outcome is known: a Receipt, or a [*smtpconn.SendError]. The envelope and the
// content are those of [smtpconn.Client.Send]. The content is read from where
// it stands, again for each attempt, and by another goroutine; envelope and
// content are the caller's again when Send has returned.
//
// A message that was not sent because a connection failed, or that was refused
// as a whole and for now, is tried again, MaxAttempts times in all. What was
// refused for good, what is wrong with the message, and certificates and
// policies are not; nor is an unknown outcome, unless RetryInDoubt is set: then
// the outcome stays unknown if no later attempt has a Receipt. Recipients that
// were refused while others were accepted are in the Receipt, and are not tried
// again.
//
// While the relay is down Send fails at once, with a [*DownError] in the chain,
// or waits if WaitWhileDown is set.
//
// When ctx ends Send returns: with NotSent if the content was not begun, and
// otherwise by closing the connection, with what is known then. The messages of
// others do not suffer for it.
func (p *Pool) Send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	switch {
	case ctx == nil:
		return nil, unfit(errNilContext)
	case content == nil:
		return nil, unfit(errNilContent)
	case !p.enter():
		return nil, notSent(ErrClosed)
	}
	defer p.sends.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.life, func() { cancel(ErrClosed) })()
	receipt, err := p.send(ctx, private(e), content)
	p.returned(err)
	return receipt, err
}

// enter counts a Send, unless the pool is closed.
func (p *Pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.sends.Add(1)
	p.stats.InFlight++
	return true
}

func (p *Pool) send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	at, length, err := extent(content)
	if err != nil {
		return nil, unfit(err)
	}
	doubt, stale := false, 0
	for n := 1; ; {
		r := p.paced(ctx, smtpconn.Message{Envelope: e, Content: &source{r: content, length: length}})
		doubt = doubt || outcome(r.err) == smtpconn.InDoubt
		switch {
		case !p.again(ctx, r.err):
			return r.receipt, doubted(doubt, r.err)
		case r.stale && stale < p.cfg.MaxConns:
			stale++
		case n == p.cfg.MaxAttempts || sleep(ctx, p.pause(n)) != nil:
			return nil, doubted(doubt, r.err)
		default:
			n++
		}
		if _, err := content.Seek(at, io.SeekStart); err != nil {
			return nil, doubted(doubt, unfit(err))
		}
		p.retried()
	}
}

// paced sends a message once its moment has come.
func (p *Pool) paced(ctx context.Context, m smtpconn.Message) result {
	if ctx.Err() != nil || p.rate.wait(ctx) != nil {
		return result{err: notSent(ended(ctx))}
	}
	return p.attempt(ctx, m)
}

// again reports whether to send once more.
func (p *Pool) again(ctx context.Context, err error) bool {
	var failed *smtpconn.SendError
	var down *DownError
	if !errors.As(err, &failed) || ctx.Err() != nil || errors.As(err, &down) {
		return false
	}
	return failed.Temporary() || failed.Outcome == smtpconn.InDoubt && p.cfg.RetryInDoubt
}

// pause returns how long to wait after the nth attempt: while the relay is down
// until it may be dialled.
func (p *Pool) pause(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.retry.after(n)
	if p.gate.down {
		d = max(d, time.Until(p.gate.next))
	}
	return d
}

func (p *Pool) retried() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Retries++
}

func outcome(err error) smtpconn.Outcome {
	var failed *smtpconn.SendError
	if errors.As(err, &failed) {
		return failed.Outcome
	}
	return 0
}

// doubted returns err, but with an unknown outcome if an attempt had one: what
// became of the last says nothing about that.
func doubted(doubt bool, err error) error {
	if !doubt || err == nil || outcome(err) == smtpconn.InDoubt {
		return err
	}
	return &smtpconn.SendError{Outcome: smtpconn.InDoubt, Err: err}
}
