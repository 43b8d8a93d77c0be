package findings

import (
	"fmt"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// ofMX returns what is wrong with the way on which mail comes to a domain.
func ofMX(domain string, m *report.MX) (all []report.Finding) {
	add := func(where, id string, harm report.Harm, what, next string) {
		all = append(all, report.Finding{ID: id, Harm: harm, Where: []string{where}, What: what, Next: next})
	}
	switch {
	case m != nil && m.Later:
		add(domain, "mx-unknown", report.Unknown, "Where mail for the domain goes could not be found out: "+m.Error,
			"You: look again later, or from another network.")
		return all
	case m == nil || m.Error != "":
		return nil // a domain that takes no mail is none to be protected
	}
	if m.Broken != "" {
		add(domain, "mta-sts-broken", report.Weaker, "The domain announces an MTA-STS policy that cannot be had: "+m.Broken,
			fmt.Sprintf("Owner of the domain: repair https://mta-sts.%s/.well-known/mta-sts.txt, or take the record _mta-sts.%[1]s away.", domain))
	}
	if m.STS != nil && m.STS.Mode == "testing" {
		add(domain, "mta-sts-testing", report.Weaker, "The domain's MTA-STS policy is in mode testing: senders report what does not fit it, and send all the same.",
			"Owner of the domain: put it into mode enforce when the reports are clean.")
	}
	said := len(all) > 0 // a policy that is repaired, or enforced, has all hosts verified
	for _, h := range m.Hosts {
		switch {
		case h.Error != "":
			add(h.Name, "mx-not-used", report.Locked, "Careful senders bring no mail to this host: "+h.Error,
				"Owner of the domain: have its records agree: MX, TLSA, and the hosts that the MTA-STS policy names.")
		case !h.Verified && !said:
			add(h.Name, "mx-not-verified", report.Weaker,
				fmt.Sprintf("Mail from other domains can be read by an attacker on the way to this host, since nothing says how to verify it (%s).", h.Why),
				"Owner of the domain: publish an MTA-STS policy, or sign the domain's DNS and publish TLSA records (DANE).")
		}
	}
	return all
}
