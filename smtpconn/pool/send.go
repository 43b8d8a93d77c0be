package pool

import (
	"context"
	"errors"
	"io"

	"github.com/mailconn/mailconn/smtpconn"
)

var (
	errNilContext = errors.New("pool: nil context")
	errNilContent = errors.New("pool: nil content")
)

// Send sends a message over one of the connections, and returns when its outcome is
// known: a Receipt, or a [*smtpconn.SendError]. The envelope and the content are those
// of [smtpconn.Client.Send]. The content is read from where it stands, again for each
// attempt, and by other goroutines; it has failed if it ends before the end that Seek
// tells. Envelope and content are the caller's again when Send has returned, except as
// said below.
//
// A message that was not sent because a connection failed, or that was refused as a
// whole and for now, is tried again, MaxAttempts times in all. What a connection fails
// with before it was the message's turn, or before its content was begun, costs no
// attempt, as often as Config.MaxConns says. If the connection had served, the message is
// the next to be sent. What was refused for good, what is wrong with the message, and
// certificates and policies are not tried again; nor is an outcome in doubt, unless
// RetryInDoubt is set: then the outcome stays in doubt if no later attempt has a Receipt.
// Recipients that were refused while others were accepted (Envelope.Partial) are in the
// Receipt, and are not tried again.
//
// While the relay is down Send fails, with a [*DownError] in the chain, or waits if
// WaitWhileDown is set.
//
// When ctx ends Send returns: with NotSent if the content was not begun, and otherwise
// by closing the connection, with what is known then. The messages of others do not
// suffer for it. A content.Read or content.Seek that has not returned by then is left
// behind: the content is the caller's again when that has returned. Envelope.BeforeEnd,
// which is given ctx, is waited for.
//
// A panic of content.Read, content.Seek or BeforeEnd is one of Send: the message is
// not sent, and other messages are not concerned.
func (p *Pool) Send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	switch {
	case ctx == nil:
		return nil, badCall(errNilContext)
	case content == nil:
		return nil, badCall(errNilContent)
	case !p.enter():
		return nil, notSent(ErrClosed)
	}
	var receipt *smtpconn.Receipt
	err := error(notSent(errPanicked)) // unless send returns
	defer func() { p.leave(err) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.life, func() { cancel(ErrClosed) })()
	receipt, err = p.send(ctx, e, content)
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

func (p *Pool) leave(err error) {
	p.returned(err)
	p.sends.Done()
}

func (p *Pool) send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	s, err := newSource(ctx, content)
	switch {
	case ctx.Err() != nil:
		return nil, notSent(ended(ctx))
	case err != nil:
		return nil, unfit(err)
	}
	e = s.private(ctx, e)
	doubt, first, free := false, false, 0
	for n := 1; ; {
		r := p.once(ctx, e, s, first)
		s.surface()
		doubt, first = doubt || outcome(r.err) == smtpconn.InDoubt, r.first
		switch {
		case s.isVetoed() || !p.again(ctx, r):
			return r.receipt, doubted(doubt, r.err)
		case r.free && free < p.cfg.MaxConns:
			free++
		case n == p.cfg.MaxAttempts || sleep(ctx, p.pause(n)) != nil:
			return nil, doubted(doubt, r.err)
		default:
			n++
		}
		p.retried()
	}
}

// once tries to send a message, when its moment has come.
func (p *Pool) once(ctx context.Context, e smtpconn.Envelope, s *source, first bool) result {
	if ctx.Err() != nil || p.rate.wait(ctx) != nil {
		return result{err: notSent(ended(ctx))}
	}
	if err := s.rewind(ctx); err != nil {
		if ctx.Err() != nil {
			return result{err: notSent(ended(ctx))}
		}
		return result{err: unfit(err)}
	}
	return p.attempt(ctx, e, s, first)
}

// again reports whether to send once more.
func (p *Pool) again(ctx context.Context, r result) bool {
	var failed *smtpconn.SendError
	var down *DownError
	if !errors.As(r.err, &failed) || ctx.Err() != nil || errors.As(r.err, &down) {
		return false
	}
	return r.free || failed.Temporary() || failed.Outcome == smtpconn.InDoubt && p.cfg.RetryInDoubt
}

func (p *Pool) retried() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Retries++
}
