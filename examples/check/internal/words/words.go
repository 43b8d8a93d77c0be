package words

import (
	"cmp"
	"slices"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// Heading says what a harm means.
func Heading(h report.Harm) string {
	return cmp.Or(map[report.Harm]string{
		report.Suspect:     "This may be an attacker: do not log in",
		report.Exposed:     "Others can read passwords or mail",
		report.Locked:      "Careful mail programs cannot connect",
		report.NoLogin:     "The login did not work",
		report.Undelivered: "Other mail servers may not deliver",
		report.Unlike:      "Not as you expected",
		report.Unknown:     "Could not be looked at",
		report.Soon:        "Will stop working",
		report.Weaker:      "Weaker than it could be",
	}[h], string(h))
}

// Severity says in a word how bad a harm is.
func Severity(h report.Harm) string {
	return cmp.Or(map[report.Harm]string{
		report.Suspect: "danger", report.Exposed: "danger",
		report.Locked: "broken", report.NoLogin: "broken", report.Undelivered: "broken",
		report.Unlike: "changed", report.Unknown: "not known", report.Soon: "soon", report.Weaker: "weak",
	}[h], string(h))
}

// Policies returns the columns of the table, the strongest policy first.
func Policies() []policy.Policy {
	return []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS, policy.NoTLS}
}

// Cell says in a few words what a policy comes to at an endpoint; "-" is for one that has
// no meaning on the port.
func Cell(e *report.Endpoint, how policy.Policy) string {
	i := slices.IndexFunc(e.Outcomes, func(o report.Outcome) bool { return o.Policy == how })
	if i < 0 {
		return "-"
	}
	switch o := e.Outcomes[i]; o.Result {
	case report.Protected:
		return "protected"
	case report.Clear, report.Downgrade:
		return "unencrypted"
	default:
		return cmp.Or(reasons()[o.Reason], string(o.Reason))
	}
}

// reasons are words for why there is no connection.
func reasons() map[report.Reason]string {
	return map[report.Reason]string{
		report.NotOffered: "not offered", report.NotTLS: "not TLS", report.Preauth: "PREAUTH", report.Injected: "extra data",
		report.Malformed: "wrong answer", report.Cut: "cut short",
		report.TooLong: "endless", report.HungUp: "hung up", report.Handshake: "no TLS",
		report.CertExpired: "expired", report.CertNotYet: "not yet valid", report.CertName: "wrong name",
		report.CertNoNames: "no name", report.CertSelf: "self-signed", report.CertAuthority: "unknown CA",
		report.CertPartial: "incomplete", report.CertWeakKey: "weak key", report.CertPurpose: "wrong use",
		report.CertPin: "other key", report.CertOther: "certificate",
	}
}
