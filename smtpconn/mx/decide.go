package mx

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mailconn/mailconn/dial/dns"
)

// Reasons for which a host is not used. They are in the chain of Host.Err.
var (
	// ErrNoAddress says that a host has no address, for certain.
	ErrNoAddress = errors.New("mx: the host has no address")
	// ErrNoTLSA says that the rule is DANEOnly, and no usable TLSA record says how to
	// verify the host, or unsigned MX records have named it.
	ErrNoTLSA = errors.New("mx: no signed records to verify the host by")
	// ErrNotInPolicy says that an MTA-STS policy in mode enforce does not name the
	// host.
	ErrNotInPolicy = errors.New("mx: the MTA-STS policy does not name the host")
	// ErrRequireTLS says that a message with REQUIRETLS cannot go to a host, because
	// nothing but unsigned DNS vouches for its name, or because it does not offer the
	// extension (RFC 8689 §4.2.1).
	ErrRequireTLS = errors.New("mx: the host cannot have a message with REQUIRETLS")
)

// facts are what is known about one host of a domain.
type facts struct {
	rule     Rule
	domain   domain
	names    []string // the domain, and what it is an alias of
	mxSecure bool     // signed MX records have named the host
	policy   *Policy  // of MTA-STS; nil without one
}

// decide says what a connection to h must have. All of h but the outcome is known; h.Err is
// nil. This is the whole of the rules: no other code weakens or strengthens them.
func (f *facts) decide(h *Host) {
	h.Names, h.ServerName = nil, h.Name
	switch f.rule.Level {
	case NoTLS:
		h.Demand, h.Why = InTheClear, "the rule says no-tls"
	case May:
		h.Demand, h.Why = Opportunistic, "the rule says may"
	case Encrypt:
		h.Demand, h.Why = Encrypted, "the rule says encrypt"
	case Secure:
		f.secure(h)
	case DANE, DANEOnly:
		f.dane(h)
	default:
		h.Err = fmt.Errorf("mx: %v is not a level", f.rule.Level) // New refuses it
	}
}

// secure demands a name that does not come from unsigned DNS.
func (f *facts) secure(h *Host) {
	h.Demand, h.Why = ByName, "the rule says secure"
	if f.domain.addr.IsValid() {
		h.Names = []string{f.domain.addr.String()}
		return
	}
	h.Names = append([]string{f.domain.name}, f.rule.Names...)
	if f.mxSecure {
		h.Names = append(h.Names, h.Name)
	}
}

// dane goes by the TLSA records (RFC 7672 §2.2), and where they say nothing by the policy.
func (f *facts) dane(h *Host) {
	mode := None
	if f.policy != nil {
		mode = f.policy.Mode
	}
	switch {
	case slices.ContainsFunc(h.TLSA, func(r dns.TLSA) bool { return r.Unusable() == nil }):
		f.tlsa(h)
	case f.rule.Level == DANEOnly:
		h.Err = f.noTLSA(h)
	case mode == Enforce:
		f.sts(h)
	case h.TLSA != nil:
		h.Demand, h.Why, h.ServerName = Encrypted, "TLSA records that cannot be used", h.TLSAName
	case mode == Testing:
		h.Demand, h.Why = Opportunistic, "MTA-STS policy in mode testing"
		if h.Untrue = ErrNotInPolicy; f.policy.allows(h.Name) {
			h.Names, h.Untrue = []string{h.Name}, nil
		}
	default:
		h.Demand, h.Why = Opportunistic, f.nothing(h)
	}
}

// tlsa demands a server that the TLSA records vouch for, by the names of RFC 7672 §3.2.2.
func (f *facts) tlsa(h *Host) {
	h.Demand, h.Why, h.ServerName = ByTLSA, "TLSA records", h.TLSAName
	h.Names = []string{h.TLSAName}
	for _, n := range f.names {
		if !slices.Contains(h.Names, n) {
			h.Names = append(h.Names, n)
		}
	}
}

// noTLSA says why no TLSA record can be used.
func (f *facts) noTLSA(h *Host) error {
	switch {
	case !f.mxSecure:
		return fmt.Errorf("%w: MX records: %s", ErrNoTLSA, h.Why)
	case !h.Secure:
		return fmt.Errorf("%w: addresses: %s", ErrNoTLSA, h.Why)
	case h.TLSA != nil:
		return fmt.Errorf("%w: none of %d can be used: %w", ErrNoTLSA, len(h.TLSA), h.TLSA[0].Unusable())
	}
	return ErrNoTLSA
}

// sts demands what an MTA-STS policy in mode enforce does (RFC 8461 §4).
func (f *facts) sts(h *Host) {
	if !f.policy.allows(h.Name) {
		h.Err = ErrNotInPolicy
		return
	}
	h.Demand, h.Names, h.Why = ByName, []string{h.Name}, "MTA-STS policy"
}

// nothing says why there is nothing to verify a host by.
func (f *facts) nothing(h *Host) string {
	switch {
	case f.domain.addr.IsValid():
		return "an address has no DANE and no MTA-STS"
	case !f.mxSecure:
		return "MX records: " + h.Why + "; no MTA-STS policy"
	case !h.Secure:
		return "addresses: " + h.Why + "; no MTA-STS policy"
	}
	return "no TLSA records; no MTA-STS policy"
}

// vouched reports whether the name that h is verified for does not come from unsigned DNS
// alone, as REQUIRETLS wants it (RFC 8689 §4.2.1).
func (h *Host) vouched() bool { return h.Demand == ByTLSA || h.Demand == ByName }
