package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// expectation is something that a run may demand of each endpoint.
type expectation struct {
	name string
	met  func(*report.Endpoint) bool
	is   func(*report.Endpoint) string // what it is instead
}

// expectations returns those that there are.
func expectations() []expectation {
	return []expectation{
		{policy.ImplicitTLS.String(), under(policy.ImplicitTLS), result},
		{policy.RequiredSTARTTLS.String(), under(policy.RequiredSTARTTLS), result},
		{"tls1.3", func(e *report.Endpoint) bool { return e.TLS != nil && e.TLS.Version == "TLS 1.3" }, version},
		{"post-quantum", func(e *report.Endpoint) bool { return e.TLS != nil && e.TLS.PostQuantum }, keyExchange},
		{"login", func(e *report.Endpoint) bool { return e.Login != nil && e.Login.Mechanism != "" }, login},
		{"binding", func(e *report.Endpoint) bool { return e.Login != nil && e.Login.Binding != "" }, login},
	}
}

// domainExpectation is something that a run may demand of a domain.
type domainExpectation struct {
	name string
	met  func(*report.MX) bool
}

func domainExpectations() []domainExpectation {
	return []domainExpectation{
		{"mta-sts", func(m *report.MX) bool { return m != nil && m.STS != nil && m.STS.Mode == "enforce" }},
		{"dane", func(m *report.MX) bool {
			return m != nil && len(m.Hosts) > 0 && !slices.ContainsFunc(m.Hosts, func(h report.MXHost) bool { return !h.DANE })
		}},
	}
}

// Expectations returns the names that a run may expect.
func Expectations() (names []string) {
	for _, x := range expectations() {
		names = append(names, x.name)
	}
	for _, x := range domainExpectations() {
		names = append(names, x.name)
	}
	return names
}

// CheckExpectations returns an error if one of the names is none that there is.
func CheckExpectations(names []string) error {
	for _, name := range names {
		if !slices.Contains(Expectations(), name) {
			return fmt.Errorf("nothing to expect is called %q: want %s", name, strings.Join(Expectations(), ", "))
		}
	}
	return nil
}

// CheckDomain returns an error if one of the names is about a domain. It is for runs that ask
// about none.
func CheckDomain(names []string) error {
	for _, x := range domainExpectations() {
		if slices.Contains(names, x.name) {
			return fmt.Errorf("-expect %s is about a domain: want a mail address", x.name)
		}
	}
	return nil
}

// unmet returns a finding for each expectation that an endpoint does not meet. Of one that
// could not be looked at, or not to the end, nothing is known.
func unmet(e *report.Endpoint, names []string) (all []report.Finding) {
	if e.Main().Reason == report.Unreachable || e.Cut {
		return nil
	}
	for _, x := range expectations() {
		if slices.Contains(names, x.name) && !x.met(e) {
			all = append(all, finding("expected-"+x.name, report.Unlike, e.URL.String(),
				"Expected was {name}, and it is {is}.",
				"You: if this was as expected before, ask the operator of the server what has changed.", "{name}", x.name, "{is}", x.is(e)))
		}
	}
	return all
}

// unmetByDomain returns a finding for each expectation that a domain does not meet. If the
// question was not answered, nothing is known.
func unmetByDomain(d *report.Domain, names []string) (all []report.Finding) {
	if d.MX != nil && d.MX.Later {
		return nil
	}
	for _, x := range domainExpectations() {
		if slices.Contains(names, x.name) && !x.met(d.MX) {
			all = append(all, finding("expected-"+x.name, report.Unlike, d.Name,
				"Expected was {name}, and the domain does not have it for all its hosts.",
				"Owner of the domain: if this was as expected before, look what has changed in its DNS, and at its policy.", "{name}", x.name))
		}
	}
	return all
}

// under returns whether a connection under a policy was protected.
func under(how policy.Policy) func(*report.Endpoint) bool {
	return func(e *report.Endpoint) bool {
		return slices.ContainsFunc(e.Outcomes, func(o report.Outcome) bool {
			return o.Policy == how && o.Result == report.Protected
		})
	}
}

func result(e *report.Endpoint) string {
	o := e.Main()
	return fmt.Sprintf("%s under %v", cmp.Or(string(o.Reason), string(o.Result)), o.Policy)
}

func version(e *report.Endpoint) string {
	if e.TLS == nil {
		return "without verified TLS"
	}
	return e.TLS.Version
}

func keyExchange(e *report.Endpoint) string {
	if e.TLS == nil {
		return "without verified TLS"
	}
	return cmp.Or(e.TLS.KeyExchange, "an exchange by RSA")
}

func login(e *report.Endpoint) string {
	switch {
	case e.Login == nil:
		return "not logged in"
	case e.Login.Mechanism == "":
		return "a login that failed"
	case e.Login.Binding == "":
		return "a login by " + e.Login.Mechanism + " without binding"
	}
	return "a login by " + e.Login.Mechanism
}
