package mx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/netguard"
	"github.com/mailconn/mailconn/internal/wire"
)

// target is a host that mail may go to.
type target struct {
	name string
	pref uint16
}

// exchange is what the DNS says about where the mail of a domain goes.
type exchange struct {
	targets []target // by preference, in random order among equals (RFC 5321 §5.1)
	names   []string // the domain, and what it is an alias of: by name, if the answer is secure
	proof
	odd []string // what is wrong with records that are not used
}

// proof is whether the DNS vouches for an answer.
type proof struct {
	secure bool
	why    string // why not
}

func proofOf(a *dns.Answer) proof {
	switch {
	case a.Secure:
		return proof{secure: true}
	case a.AD:
		return proof{why: "resolver not trusted"}
	}
	return proof{why: "not validated"}
}

// exchange asks for the MX records of a domain. Without any the domain is its own
// target, if the answer says for certain that there are none.
func (s *Sender) exchange(ctx context.Context, name string) (*exchange, error) {
	a, err := s.cfg.Resolver.Ask(ctx, name, dnsmessage.TypeMX)
	if err != nil {
		return nil, &Error{Status: [3]int{4, 4, 3}, Err: err}
	}
	x := &exchange{proof: proofOf(a), names: []string{name}}
	if end, err := endOf(a.Chain); err == nil && end != "" {
		x.names = append(x.names, end) // not those between (RFC 7672 §3.2.2)
	}
	switch a.Absent {
	case dns.NoName:
		return nil, &Error{Status: [3]int{5, 1, 2}, Err: errors.New("the domain does not exist")}
	case dns.NoData:
		x.targets = []target{{name: name}}
		return x, nil
	}
	if err := x.read(a.Records); err != nil {
		return nil, err
	}
	slices.SortStableFunc(x.targets, func(a, b target) int { return cmp.Compare(a.pref, b.pref) })
	seen := map[string]bool{}
	x.targets = slices.DeleteFunc(x.targets, func(t target) bool {
		again := seen[t.name]
		seen[t.name] = true
		return again
	})
	return x, nil
}

// endOf returns the name at the end of a chain of aliases, "" without one. It is an error if
// no host can be called that.
func endOf(chain []string) (string, error) {
	if len(chain) == 0 {
		return "", nil
	}
	return dns.Canonical(chain[len(chain)-1])
}

// maxOdd bounds how many records that are not used are named.
const maxOdd = 10

// read takes the targets from MX records, in random order.
func (x *exchange) read(records []dnsmessage.Resource) error {
	nulls := 0
	for _, i := range rand.Perm(len(records)) {
		mx, ok := records[i].Body.(*dnsmessage.MXResource)
		if !ok {
			continue
		}
		name, err := dns.Canonical(mx.MX.String()) // an address is no name (RFC 5321 §5.1)
		switch {
		case err == nil:
			x.targets = append(x.targets, target{name, mx.Pref})
		case mx.MX.String() == ".":
			nulls++
		case len(x.odd) < maxOdd:
			x.odd = append(x.odd, wire.Printable("MX: "+err.Error()))
		}
	}
	return x.judge(nulls)
}

// judge says whether there is a target beside so many null MX.
func (x *exchange) judge(nulls int) error {
	switch {
	case nulls > 0 && len(x.targets) == 0 && len(x.odd) == 0: // RFC 7505
		return &Error{Status: [3]int{5, 1, 10}, Err: errors.New("the domain takes no mail (null MX)")}
	case nulls > 0:
		x.odd = append(x.odd, "a null MX beside others")
	}
	if len(x.targets) == 0 {
		return &Error{Status: [3]int{5, 4, 4}, Err: fmt.Errorf("no MX record can be used: %s", strings.Join(x.odd, "; "))}
	}
	return nil
}

// addresses fills in the addresses of a host, and whether they are vouched for. IPv6 and
// IPv4 alternate. A failure to look up one kind does not matter if there is an address of
// the other.
func (s *Sender) addresses(ctx context.Context, h *Host) {
	six, four, failed := netguard.LookUp(ctx, s.cfg.Resolver, h.Name)
	h.Addrs = netguard.Alternate(six, four)
	vouches := six
	if six == nil || len(six.Records) == 0 {
		vouches = four
	}
	switch {
	case h.Addrs != nil:
		p := proofOf(vouches)
		h.Secure, h.Why, h.Chain = p.secure, p.why, vouches.Chain
	case failed != nil:
		h.Err = failed
	default:
		h.Err = ErrNoAddress
	}
}

// tlsa fills in the TLSA records of a host whose addresses are known. They are at the end
// of the chain of its aliases if all of it is vouched for, or else at its own name
// (RFC 7672 §2.2.2). A failure is one of the host: it must not pass for an absence.
func (s *Sender) tlsa(ctx context.Context, h *Host) {
	bases := []string{h.Name}
	end, err := endOf(h.Chain)
	switch {
	case h.Secure && err == nil && end != "":
		bases = []string{end, h.Name}
	case !h.Secure && len(h.Chain) == 0:
		return // RFC 7672 §2.2.2: nothing signed can be there
	case !h.Secure:
		alias, err := s.cfg.Resolver.Ask(ctx, h.Name, dnsmessage.TypeCNAME)
		if err != nil {
			h.Err = err
			return
		}
		if !alias.Secure {
			return
		}
	}
	for _, base := range bases {
		a, err := s.cfg.Resolver.Ask(ctx, fmt.Sprintf("_%d._tcp.%s", s.cfg.Port, base), dns.TypeTLSA)
		switch {
		case err != nil:
			h.Err = err
		case a.Secure && len(a.Records) > 0:
			h.TLSAName = base
			h.TLSA, h.Err = readTLSA(a.Records)
		default:
			continue
		}
		return
	}
}

// maxTLSA bounds how many TLSA records of a host are used.
const maxTLSA = 64

var errManyTLSA = fmt.Errorf("more than %d TLSA records", maxTLSA)

// readTLSA reads records. One that cannot be read is kept as one that cannot be used, as it
// too says that the server has TLS.
func readTLSA(records []dnsmessage.Resource) (all []dns.TLSA, err error) {
	if len(records) > maxTLSA {
		return nil, errManyTLSA
	}
	for _, r := range records {
		var one dns.TLSA
		if body, ok := r.Body.(*dnsmessage.UnknownResource); ok {
			one, _ = dns.ParseTLSA(body.Data)
		}
		all = append(all, one)
	}
	return all, nil
}
