package mx

import (
	"context"
	"sync"
	"time"
)

// maxRefreshing bounds how many policies are fetched at once that no message waits for.
const maxRefreshing = 16

// Refresh fetches anew the MTA-STS policies that are kept and are a day old, or half as old
// as their max_age, also those of domains that no mail goes to, and returns when that is
// done. Thus a policy does not end while its domain publishes one, and an attacker has to
// keep this host from all fetches for as long as its max_age (RFC 8461 §10.2). Each fetch
// is told to Config.Fetched, also one that has failed. The error is that of ctx, or of a
// PolicyStore that cannot name its domains.
//
// By itself a Sender fetches a policy anew only when mail goes to the domain. A program that
// runs for long calls Refresh every few hours.
func (s *Sender) Refresh(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	if err := s.calls.enter(); err != nil {
		return err
	}
	defer s.calls.group.Done()
	domains, err := s.sts.domains(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for domain := range domains {
		select {
		case s.sts.slots <- struct{}{}:
			tasks.Go(func() {
				defer func() { <-s.sts.slots }()
				s.sts.refresh(ctx, domain)
			})
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.sts.life.Done():
			return ErrClosed
		}
	}
	return err
}

// domains returns those of which something is kept, in memory or in the store.
func (p *policies) domains(ctx context.Context) (map[string]bool, error) {
	all := map[string]bool{}
	p.mu.Lock()
	for domain := range p.known.entries {
		all[domain] = true
	}
	p.mu.Unlock()
	if p.cfg.Policies == nil {
		return all, nil
	}
	stored, err := p.cfg.Policies.Domains(ctx)
	for _, domain := range stored {
		all[domain] = true
	}
	return all, err
}

// refresh fetches the policy of a domain anew, if one is kept and it is time to.
func (p *policies) refresh(ctx context.Context, domain string) {
	kept, err := p.kept(ctx, domain)
	if err == nil && (kept == nil || !kept.old(time.Now())) {
		return
	}
	var id string
	if err == nil {
		id, err = p.id(ctx, domain)
	}
	switch {
	case err != nil:
		p.tell(domain, kept, err)
	case id != "": // without one there is nothing to fetch, and what is kept counts on
		p.get(ctx, domain, id, kept.Fetched) // which tells itself
	}
}
