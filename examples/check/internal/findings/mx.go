package findings

import (
	"fmt"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// ofMX returns what is wrong with the way on which mail comes to a domain.
func ofMX(domain string, m *report.MX) []report.Finding {
	switch {
	case m != nil && m.Later:
		return []report.Finding{{ID: "mx-unknown", Harm: report.Unknown, Where: []string{domain},
			What: "Where mail for the domain goes could not be found out: " + m.Error,
			Next: "You: look again later, or from another network."}}
	case m == nil || m.Error != "":
		return nil // a domain that takes no mail is none to be protected
	}
	all := ofSTS(domain, m)
	repair := len(all) > 0 // a policy that is repaired, or enforced, has all hosts verified
	for _, h := range m.Hosts {
		if h.Error != "" || !h.Verified && !repair {
			all = append(all, ofHost(domain, h))
		}
	}
	return all
}

// ofSTS returns what is wrong with the MTA-STS policy, if there is one.
func ofSTS(domain string, m *report.MX) (all []report.Finding) {
	if m.Broken != "" {
		all = append(all, report.Finding{ID: "mta-sts-broken", Harm: report.Weaker, Where: []string{domain},
			What: "The domain announces an MTA-STS policy that cannot be had: " + m.Broken,
			Next: fmt.Sprintf("Owner of the domain: repair https://mta-sts.%s/.well-known/mta-sts.txt, or take the record _mta-sts.%[1]s away.", domain)})
	}
	if m.STS != nil && m.STS.Mode == "testing" {
		all = append(all, report.Finding{ID: "mta-sts-testing", Harm: report.Weaker, Where: []string{domain},
			What: "The domain's MTA-STS policy is in mode testing: senders report what does not fit it, and send all the same.",
			Next: "Owner of the domain: put it into mode enforce when the reports are clean."})
	}
	return all
}

// ofHost returns what is wrong with a host of a domain that is not used, or cannot be
// verified.
func ofHost(domain string, h report.MXHost) report.Finding {
	if h.Error != "" {
		return report.Finding{ID: "mx-not-used", Harm: report.Undelivered, Where: []string{h.Name},
			What: "Careful senders bring no mail to this host: " + plain(h.Error),
			Next: mend(domain, h)}
	}
	return report.Finding{ID: "mx-not-verified", Harm: report.Weaker, Where: []string{h.Name},
		What: fmt.Sprintf("Mail from other domains can be read by an attacker on the way to this host, since nothing says how to verify it (%s).", plain(h.Why)),
		Next: "Owner of the domain: publish an MTA-STS policy, or sign the domain's DNS and publish TLSA records (DANE)."}
}

// mend returns what to do about a host that is not used.
func mend(domain string, h report.MXHost) string {
	if !h.NotInPolicy {
		return "Owner of the domain: have its records agree: MX, TLSA, and the hosts that the MTA-STS policy names."
	}
	return fmt.Sprintf("Owner of the domain: add the line `mx: %s` to the file https://mta-sts.%s/.well-known/mta-sts.txt and change the `id` in the TXT record `_mta-sts.%[2]s`, or take %[1]s out of the MX records.", h.Name, domain)
}
