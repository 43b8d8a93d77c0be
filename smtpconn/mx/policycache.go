package mx

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mailconn/mailconn/internal/netguard"
)

// policies finds the MTA-STS policies of domains, and keeps them.
type policies struct {
	cfg   *Config
	fetch func(ctx context.Context, domain string) (*Policy, error)
	life  context.Context
	end   context.CancelFunc

	slots chan struct{} // taken by fetches that no message waits for
	tasks sync.WaitGroup

	mu    sync.Mutex
	known table
}

func (p *policies) begin(c *Config, g *netguard.Guard) {
	p.cfg, p.slots = c, make(chan struct{}, maxRefreshing)
	p.fetch = (&web{g, c.Transport}).policy
	p.life, p.end = context.WithCancel(context.Background())
}

// storeError is a store that cannot tell whether there is a policy.
type storeError struct{ err error }

func (e *storeError) Error() string { return "MTA-STS policies cannot be read: " + e.err.Error() }

func (e *storeError) Unwrap() error { return e.err }

// kept returns what is kept of a domain and counts still. An error says that it is not known
// what the store has.
func (p *policies) kept(ctx context.Context, domain string) (*Policy, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.known.find(domain)
	if k == nil && p.cfg.Policies == nil {
		return nil, nil
	}
	var unread error
	if p.cfg.Policies != nil && (k == nil || !k.loaded) {
		p.mu.Unlock()
		policy, err := p.load(ctx, domain)
		p.mu.Lock()
		if k = p.known.of(domain); !k.loaded {
			k.policy, k.loaded, unread = policy, err == nil, err
		}
	}
	if k.policy != nil && k.policy.expired(time.Now()) {
		k.policy = nil
	}
	policy := k.policy
	p.settle(k)
	return policy, unread
}

func (p *policies) load(ctx context.Context, domain string) (*Policy, error) {
	text, err := p.cfg.Policies.Load(ctx, domain)
	if err != nil || text == nil {
		return nil, err
	}
	policy, err := parseStored(string(text))
	if now := time.Now(); err == nil && policy.Fetched.After(now) { // by a clock that was wrong
		policy.Fetched = now
	}
	return policy, err
}

// settle is called with the lock held when an entry has changed. It drops one that says
// nothing.
func (p *policies) settle(k *known) {
	p.known.settle(k)
	if k.policy == nil && k.now == nil && !time.Now().Before(k.again) {
		p.known.drop(k)
	}
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
