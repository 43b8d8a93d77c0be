package mx

import (
	"context"
	"time"
)

// ParsePolicy, ParseStored, PolicyText, PolicyID and ParseDomain are the readers of what
// strangers write.
var (
	ParsePolicy = parsePolicy
	ParseStored = parseStored
	PolicyID    = policyID
)

func PolicyText(p *Policy) []byte { return p.text() }

func ParseDomain(s string) (string, error) {
	d, err := parseDomain(s)
	return d.String(), err
}

// Fetch fetches the policy of a domain in place of a Sender's own way to do it.
type Fetch = func(ctx context.Context, domain string) (*Policy, error)

func SetFetch(s *Sender, f Fetch) { s.sts.fetch = f }

// GetPolicy fetches a policy, as a message to a domain with this id does.
func GetPolicy(ctx context.Context, s *Sender, domain, id string) (*Policy, error) {
	return s.sts.get(ctx, domain, id, time.Time{})
}

// Kept returns how much is kept of policies in memory.
func Kept(s *Sender) (domains, size int) {
	s.sts.mu.Lock()
	defer s.sts.mu.Unlock()
	return len(s.sts.known.entries), s.sts.known.size
}

// MaxKept bounds the size that Kept returns.
const MaxKept = maxKnown
