package mx

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// fetching is a fetch under way, which ends when nobody waits for it any more.
type fetching struct {
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
	k := p.of(domain)
	now := time.Now()
	old := k.policy == nil || now.Sub(k.policy.Fetched) > min(renewAfter, k.policy.MaxAge/2)
	if old && k.now == nil && !now.Before(k.again) {
		p.start(domain, id, k).waiting++ // which nobody takes back
	}
}

// get fetches a policy, or returns what another call has fetched later than after. Calls
// for one domain share a fetch.
func (p *policies) get(ctx context.Context, domain, id string, after time.Time) (*Policy, error) {
	p.mu.Lock()
	k := p.of(domain)
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
		f = p.start(domain, id, k)
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

// leave is called by one that waits no more. The last one ends the fetch.
func (p *policies) leave(f *fetching) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
	}
}

// start begins to fetch. It is called with the lock held.
func (p *policies) start(domain, id string, k *known) *fetching {
	ctx, cancel := context.WithTimeout(p.life, fetchTime)
	f := &fetching{done: make(chan struct{}), cancel: cancel}
	k.now = f
	p.tasks.Go(func() {
		defer cancel()
		f.policy, f.err = p.fetch(ctx, domain)
		if f.policy != nil {
			f.policy.ID, f.policy.Fetched = id, time.Now()
			f.err = p.save(ctx, domain, f.policy)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		defer close(f.done)
		k.now = nil
		switch {
		case f.policy != nil: // it counts, kept or not
			k.policy, k.load, k.failed, k.again = f.policy, nil, "", time.Time{}
		case !errors.Is(ctx.Err(), context.Canceled): // nobody's impatience
			k.failed, k.err, k.again = id, f.err, time.Now().Add(retryTime)
		}
		p.forget(domain, k)
	})
	return f
}

func (p *policies) save(ctx context.Context, domain string, policy *Policy) error {
	if p.cfg.Policies == nil {
		return nil
	}
	if err := p.cfg.Policies.Save(ctx, domain, policy.text()); err != nil {
		return fmt.Errorf("MTA-STS policy cannot be kept: %w", err)
	}
	return nil
}
