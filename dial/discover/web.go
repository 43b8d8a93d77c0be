package discover

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
)

// autoconfig fetches the documents at the two places of the domain, over HTTPS only.
func (f *finder) autoconfig(ctx context.Context, r *report) {
	first := "https://autoconfig." + f.domain + "/mail/config-v1.1.xml"
	if f.TellAddress {
		first += "?emailaddress=" + url.QueryEscape(f.String())
	}
	places := []string{first, "https://" + f.domain + "/.well-known/autoconfig/mail/config-v1.1.xml"}
	reports := make([]report, len(places))
	var asking sync.WaitGroup
	for i, place := range places {
		asking.Go(func() {
			doc, ok := reports[i].got(f.get(ctx, place))
			if !ok {
				return
			}
			proof := Proof{Autoconfig, DomainHTTPS, doc.host()}
			if i := slices.IndexFunc(doc.hosts, func(h string) bool { return !f.owns(h) }); i >= 0 { // it has chosen the document, wherever that is
				proof.Voucher, proof.Host = OtherHTTPS, doc.hosts[i]
			}
			f.configFinds(&reports[i], doc.body, proof)
		})
	}
	asking.Wait()
	for _, o := range reports {
		r.finds, r.failed = append(r.finds, o.finds...), append(r.failed, o.failed...)
	}
}

// got adds the error of a document that could not be fetched, and reports whether there
// is a document.
func (r *report) got(doc *document, err error) (*document, bool) {
	if err != nil && !errors.Is(err, errNothing) {
		r.fail(err)
	}
	return doc, err == nil
}

// ispdb asks the public table for the domain.
func (f *finder) ispdb(ctx context.Context, r *report) { f.lookUp(ctx, r, f.domain, Table) }

// lookUp asks the public table for a domain, and reports whether it has an entry.
func (f *finder) lookUp(ctx context.Context, r *report, domain string, v Voucher) bool {
	doc, ok := r.got(f.get(ctx, strings.TrimSuffix(f.Options.ISPDB, "/")+"/"+domain))
	if ok {
		f.configFinds(r, doc.body, Proof{r.source, v, doc.host()})
	}
	return ok
}

// mx asks for the domain's most preferred MX hosts, and looks their provider up in the
// tables.
func (f *finder) mx(ctx context.Context, r *report) {
	answer, err := f.Resolver.Ask(ctx, f.domain, dnsmessage.TypeMX)
	if err != nil {
		r.fail(err)
		return
	}
	v := UnsignedMX
	if answer.Secure {
		v = Table
	}
	hosts := preferred(answer)
	for _, p := range f.Providers {
		domain, _ := dns.Canonical(p.MX) // was checked
		if slices.ContainsFunc(hosts, func(h string) bool { return h == domain || strings.HasSuffix(h, "."+domain) }) {
			for _, e := range p.Endpoints {
				r.add(find{auth: p.Auth, issuer: p.Issuer, proof: Proof{MX, v, domain}}, e)
			}
			return
		}
	}
	if f.Options.ISPDB == "" || len(hosts) == 0 {
		return
	}
	for _, parent := range f.parents(hosts[0]) {
		if f.lookUp(ctx, r, parent, v) || ctx.Err() != nil {
			return
		}
	}
}

// preferred returns the hosts with the smallest preference, in the order of their names,
// without that of a null MX (RFC 7505).
func preferred(a *dns.Answer) (hosts []string) {
	best := ^uint16(0)
	for _, rec := range a.Records {
		if mx, ok := rec.Body.(*dnsmessage.MXResource); ok {
			best = min(best, mx.Pref)
		}
	}
	for _, rec := range a.Records {
		mx, ok := rec.Body.(*dnsmessage.MXResource)
		if !ok || mx.Pref != best {
			continue
		}
		if host, err := dns.Canonical(mx.MX.String()); err == nil {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	return hosts
}

// maxParents bounds the requests to the public table about one MX host.
const maxParents = 3

// parents returns the domains that an MX host may belong to, the nearest first: those
// above it that have at least two labels, without the domain of the address, which the
// table was asked for already.
func (f *finder) parents(host string) (all []string) {
	for {
		_, parent, _ := strings.Cut(host, ".")
		if !strings.Contains(parent, ".") || len(all) == maxParents {
			return all
		}
		if parent != f.domain {
			all = append(all, parent)
		}
		host = parent
	}
}
