package mx

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/mailconn/mailconn/dial/dns"
)

// domain is where mail goes: a name as A-labels, or an address.
type domain struct {
	name string
	addr netip.Addr // valid for a literal
}

// parseDomain reads what stands behind the @ of a mail address, or an address as it is
// written elsewhere.
func parseDomain(s string) (domain, error) {
	literal, bracketed := strings.CutPrefix(s, "[")
	if bracketed {
		literal, bracketed = strings.CutSuffix(literal, "]")
		if len(literal) > 5 && strings.EqualFold(literal[:5], "IPv6:") { // RFC 5321 §4.1.3
			literal = literal[5:]
		}
	}
	if a, err := netip.ParseAddr(literal); err == nil && a.Zone() == "" {
		return domain{addr: a.Unmap()}, nil
	}
	if bracketed {
		return domain{}, fmt.Errorf("%.64q is not an address literal", s)
	}
	name, err := dns.Canonical(s)
	return domain{name: name}, err
}

// String returns the domain as in an address: an address stands in brackets.
func (d domain) String() string {
	switch {
	case !d.addr.IsValid():
		return d.name
	case d.addr.Is6():
		return "[IPv6:" + d.addr.String() + "]"
	}
	return "[" + d.addr.String() + "]"
}

var errDomains = errors.New("mx: recipients of more than one domain: send one message for each domain")

// domainOf returns the one domain of some recipients.
func domainOf(recipients []string) (first domain, err error) {
	for i, to := range recipients {
		at := strings.LastIndexByte(to, '@')
		if at < 0 {
			return first, fmt.Errorf("mx: recipient %.64q has no domain", to)
		}
		d, err := parseDomain(to[at+1:])
		switch {
		case err != nil:
			return first, fmt.Errorf("mx: recipient %.64q: %w", to, err)
		case d.addr.IsValid() && to[at+1] != '[':
			return first, fmt.Errorf("mx: recipient %.64q: an address stands in brackets", to)
		case i == 0:
			first = d
		case d != first:
			return first, errDomains
		}
	}
	return first, nil
}
