package discover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/policy"
)

// ErrRecord is in the chain of an error about a DNS record that was left out, since it
// cannot name a server.
var ErrRecord = errors.New("record left out")

// service is a service that SRV records name.
type service struct {
	name     string
	protocol policy.Protocol
	policy   policy.Policy
}

// services returns the services of RFC 6186 §3 and RFC 8314 §5.1. Those that begin in
// the clear must upgrade by STARTTLS.
func services() []service {
	return []service{
		{"imaps", policy.IMAP, policy.ImplicitTLS}, {"imap", policy.IMAP, policy.RequiredSTARTTLS},
		{"pop3s", policy.POP3, policy.ImplicitTLS}, {"pop3", policy.POP3, policy.RequiredSTARTTLS},
		{"submissions", policy.Submission, policy.ImplicitTLS}, {"submission", policy.Submission, policy.RequiredSTARTTLS},
	}
}

// offer is an SRV record.
type offer struct {
	service
	endpoint dial.Endpoint
	priority uint16
	draw     float64 // smaller ones first among those of one priority
	secure   bool
}

// srv asks for the SRV records of all services.
func (f *finder) srv(ctx context.Context, r *report) {
	all := services()
	answers, errs := make([]*dns.Answer, len(all)), make([]error, len(all))
	var asking sync.WaitGroup
	for i, s := range all {
		asking.Go(func() { answers[i], errs[i] = f.Resolver.Ask(ctx, "_"+s.name+"._tcp."+f.domain, dnsmessage.TypeSRV) })
	}
	asking.Wait()
	r.noDomain = f.gone(ctx, answers)
	var offers []offer
	for i, s := range all {
		if errs[i] != nil {
			r.fail(errs[i])
			continue
		}
		offers = append(offers, s.offers(answers[i], r)...)
	}
	for _, o := range sortOffers(offers) {
		v := UnsignedDNS
		if o.secure {
			v = SignedDNS
		}
		r.finds = append(r.finds, find{endpoint: o.endpoint, proof: Proof{SRV, v, f.domain}})
	}
}

// gone reports whether the domain does not exist. It asks only if none of the names
// below it exists.
func (f *finder) gone(ctx context.Context, below []*dns.Answer) bool {
	if slices.ContainsFunc(below, func(a *dns.Answer) bool { return a == nil || a.Absent != dns.NoName }) {
		return false
	}
	a, err := f.Resolver.Ask(ctx, f.domain, dnsmessage.TypeMX)
	return err == nil && a.Absent == dns.NoName
}

// Limits for each service: the servers that are used, and the errors for records that
// are left out.
const (
	maxOffers  = 16
	maxLeftOut = 8
)

// offers returns the usable records of one service.
func (s service) offers(a *dns.Answer, r *report) (offers []offer) {
	leftOut := 0
	for _, rec := range a.Records {
		srv, ok := rec.Body.(*dnsmessage.SRVResource)
		switch {
		case !ok:
			continue
		case srv.Target.String() == "." && len(a.Records) == 1: // RFC 6186 §3.4
			r.absent = append(r.absent, s)
			continue
		}
		o, err := s.offer(srv)
		if err != nil {
			if leftOut++; leftOut <= maxLeftOut {
				r.fail(fmt.Errorf("%w: _%s._tcp: %w", ErrRecord, s.name, err))
			}
			continue
		}
		o.secure = a.Secure
		offers = append(offers, o)
	}
	if leftOut > maxLeftOut {
		r.fail(fmt.Errorf("%w: _%s._tcp: %d records, of which %d are named", ErrRecord, s.name, leftOut, maxLeftOut))
	}
	if offers = sortOffers(offers); len(offers) > maxOffers {
		r.fail(fmt.Errorf("%w: _%s._tcp: %d records, of which %d are used", ErrRecord, s.name, len(offers), maxOffers))
		offers = offers[:maxOffers]
	}
	return offers
}

// offer returns the server that a record names.
func (s service) offer(srv *dnsmessage.SRVResource) (o offer, err error) {
	target, err := dns.Canonical(srv.Target.String())
	if err != nil {
		return o, err
	}
	if srv.Port == 0 {
		return o, errors.New("port 0")
	}
	o = offer{service: s, priority: srv.Priority, draw: rand.ExpFloat64() / (float64(srv.Weight) + 0.01)}
	o.endpoint = dial.Endpoint{Protocol: s.protocol, Host: target, Port: srv.Port, Policy: s.policy}
	return o, o.endpoint.Validate()
}

// sortOffers sorts first by protocol, the one with the most preferred record first (RFC
// 6186 §3.4), then implicit TLS before STARTTLS (RFC 8314 §5.1), then by priority, and
// among equals at random by weight (RFC 2782).
func sortOffers(all []offer) []offer {
	best := map[policy.Protocol]uint16{}
	for _, o := range all {
		if p, ok := best[o.protocol]; !ok || o.priority < p {
			best[o.protocol] = o.priority
		}
	}
	slices.SortFunc(all, func(a, b offer) int {
		return cmp.Or(
			cmp.Compare(best[a.protocol], best[b.protocol]),
			cmp.Compare(a.protocol, b.protocol),
			cmp.Compare(a.policy, b.policy), // ImplicitTLS is the smaller
			cmp.Compare(a.priority, b.priority),
			cmp.Compare(a.draw, b.draw),
		)
	})
	return all
}
