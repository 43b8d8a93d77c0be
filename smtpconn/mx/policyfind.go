package mx

import (
	"context"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
)

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
