package mx

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
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

// find returns the policy of a domain, nil for none. An error beside it says why nothing
// newer could be had. A record that is gone, or cannot be had, does not take back a policy
// that counts still (RFC 8461 §3.1, §5.1).
func (p *policies) find(ctx context.Context, domain string) (*Policy, error) {
	kept, unread := p.kept(ctx, domain)
	id, err := p.id(ctx, domain)
	switch {
	case err == nil && id != "" && kept != nil && kept.ID == id:
		p.ahead(domain, id)
		return kept, nil
	case err == nil && id != "":
		var fresh *Policy
		if fresh, err = p.get(ctx, domain, id, time.Time{}); fresh != nil {
			return fresh, err
		}
	}
	if p.life.Err() != nil { // which has ended the fetch
		unread = ErrClosed
	}
	if unread != nil {
		return nil, &storeError{unread}
	}
	return kept, err
}

// renew fetches the policy of a domain again, whose hosts are not in old, and returns it if
// there is one that is newer.
func (p *policies) renew(ctx context.Context, domain string, old *Policy) *Policy {
	if time.Since(old.Fetched) < retryTime {
		return nil
	}
	fresh, _ := p.get(ctx, domain, old.ID, old.Fetched) // without it the old one counts
	return fresh
}

// kept returns what is kept of a domain and counts still.
func (p *policies) kept(ctx context.Context, domain string) (*Policy, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.known.find(domain)
	if k == nil && p.cfg.Policies == nil {
		return nil, nil
	}
	if k == nil || k.load != nil {
		p.mu.Unlock()
		policy, err := p.load(ctx, domain)
		p.mu.Lock()
		if k = p.known.of(domain); k.policy == nil || k.load != nil {
			k.policy, k.load = policy, err
		}
	}
	if k.policy != nil && k.policy.expired(time.Now()) {
		k.policy = nil
	}
	policy, err := k.policy, k.load
	p.settle(k)
	return policy, err
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

// stsLabel stands before a domain in the name of the record that announces a policy.
const stsLabel = "_mta-sts."

// id asks for the id of the domain's policy, "" if it announces none. A parent's record
// does not count (RFC 8461 §3.4).
func (p *policies) id(ctx context.Context, domain string) (string, error) {
	a, err := p.cfg.Resolver.Ask(ctx, stsLabel+domain, dnsmessage.TypeTXT)
	if err != nil || a.Absent != dns.Present {
		return "", err
	}
	var texts []string
	for _, r := range a.Records {
		if txt, ok := r.Body.(*dnsmessage.TXTResource); ok && len(txt.TXT) > 0 {
			texts = append(texts, strings.Join(txt.TXT, ""))
		}
	}
	return policyID(texts), nil
}
