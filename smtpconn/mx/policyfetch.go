package mx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// fetching is a fetch under way.
type fetching struct {
	of      *known
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	policy  *Policy
	err     error
}

// Times of RFC 8461: §3.3 for a fetch and for the next after one that failed, §10.2 for how
// often a policy is looked for anew.
const (
	fetchTime  = time.Minute
	retryTime  = 5 * time.Minute
	renewAfter = 24 * time.Hour
)

// ahead fetches a policy again in the background, if it is time to.
func (p *policies) ahead(domain, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.known.of(domain)
	now := time.Now()
	if k.policy != nil && !k.policy.old(now) || k.now != nil || now.Before(k.again) {
		return
	}
	select {
	case p.slots <- struct{}{}:
		p.unattended(p.start(id, k))
	default: // the next message will do
	}
}

// unattended lets a fetch go on that no call waits for. It is called with the lock held and
// one of the slots, which is given back in the end.
func (p *policies) unattended(f *fetching) {
	f.waiting++ // which is never taken back
	p.tasks.Go(func() { <-f.done; <-p.slots })
}

// get fetches a policy, or returns what another call has fetched later than after. Calls
// for one domain share a fetch.
func (p *policies) get(ctx context.Context, domain, id string, after time.Time) (*Policy, error) {
	p.mu.Lock()
	k := p.known.of(domain)
	switch {
	case k.now != nil:
	case k.policy != nil && k.policy.ID == id && k.policy.Fetched.After(after):
		defer p.mu.Unlock()
		return k.policy, nil
	case k.failed == id && time.Now().Before(k.again):
		defer p.mu.Unlock()
		return nil, fmt.Errorf("not tried again before %s: %w", k.again.UTC().Format(time.TimeOnly), k.err)
	}
	f := k.now
	if f == nil {
		f = p.start(id, k)
	}
	f.waiting++
	p.mu.Unlock()
	defer p.leave(f)
	select {
	case <-f.done:
		return f.policy, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// leave is called by one that waits no more. If it is the last one, the fetch goes on in one
// of the slots, of which half are for this, so that a policy host that is silent is known
// to be: otherwise no message would get past it whose context is shorter than fetchTime.
// Without a slot the fetch ends, and no call joins it from then on.
func (p *policies) leave(f *fetching) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.waiting--; f.waiting > 0 || f.of.now != f {
		return
	}
	if len(p.slots) < maxRefreshing/2 {
		select {
		case p.slots <- struct{}{}:
			p.unattended(f)
			return
		default:
		}
	}
	f.cancel()
	f.over()
}

// over makes room for the next fetch. It is called with the lock held.
func (f *fetching) over() {
	if f.of.now == f {
		f.of.now = nil
	}
}

// start begins to fetch. It is called with the lock held.
func (p *policies) start(id string, k *known) *fetching {
	ctx, cancel := context.WithTimeout(p.life, fetchTime)
	f := &fetching{of: k, done: make(chan struct{}), cancel: cancel}
	k.now = f
	p.tasks.Go(func() {
		defer cancel()
		policy, err := p.fetch(ctx, k.domain)
		if policy != nil {
			policy.ID, policy.Fetched = id, time.Now()
			err = p.save(ctx, k.domain, policy)
			policy.unsaved = err != nil
		}
		dropped := policy == nil && errors.Is(ctx.Err(), context.Canceled) // as no call waits for it
		if counts := p.finish(f, id, policy, err, dropped); !dropped {
			p.tell(k.domain, counts, err)
		}
	})
	return f
}

// finish keeps the result of a fetch, and returns what counts after it.
func (p *policies) finish(f *fetching, id string, policy *Policy, err error, dropped bool) *Policy {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.policy, f.err = policy, err
	close(f.done)
	f.over()
	k := f.of
	switch {
	case policy != nil: // it counts, kept or not
		k.policy, k.loaded, k.failed, k.again = policy, true, "", time.Time{}
		if policy.unsaved {
			k.again = time.Now().Add(retryTime)
		}
	case !dropped:
		k.failed, k.err, k.again = id, &pastFailure{wire.Printable(err.Error()), ResultType(err)}, time.Now().Add(retryTime)
	}
	p.settle(k)
	return k.policy
}

// pastFailure is what is kept of an error, which may hold much of what the server has sent,
// until the next attempt.
type pastFailure struct{ text, resultType string }

func (e *pastFailure) Error() string { return e.text }

// tell tells the program about a fetch, and what counts after it.
func (p *policies) tell(domain string, counts *Policy, err error) {
	if hook := p.cfg.Fetched; hook != nil {
		hook(domain, counts.copy(), err)
	}
}
