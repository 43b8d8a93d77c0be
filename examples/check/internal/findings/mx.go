package findings

import (
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// ofMX returns what is wrong with the way on which mail comes to a domain.
func ofMX(domain string, m *report.MX) []report.Finding {
	switch {
	case m != nil && m.Later:
		return []report.Finding{finding("mx-unknown", report.Unknown, domain,
			"Where mail for the domain goes could not be found out: {error}",
			"You: look again later, or from another network.", "{error}", m.Error)}
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
		all = append(all, finding("mta-sts-broken", report.Weaker, domain,
			"The domain announces an MTA-STS policy that cannot be had: {error}",
			"Owner of the domain: repair https://mta-sts.{domain}/.well-known/mta-sts.txt, or take the record `_mta-sts.{domain}` away.",
			"{error}", m.Broken, "{domain}", domain))
	}
	if m.STS != nil && m.STS.Mode == "testing" {
		all = append(all, finding("mta-sts-testing", report.Weaker, domain,
			"The domain's MTA-STS policy is in mode testing: senders report what does not fit it, and send all the same.",
			"Owner of the domain: put it into mode enforce when the reports are clean."))
	}
	return all
}

// ofHost returns what is wrong with a host of a domain that is not used, or cannot be
// verified.
func ofHost(domain string, h report.MXHost) report.Finding {
	if h.Error == "" {
		return finding("mx-not-verified", report.Weaker, h.Name,
			"Mail from other domains can be read by an attacker on the way to this host, since nothing says how to verify it ({why}).",
			"Owner of the domain: publish an MTA-STS policy, or sign the domain's DNS and publish TLSA records (DANE).", "{why}", h.Why)
	}
	next := "Owner of the domain: have its records agree: MX, TLSA, and the hosts that the MTA-STS policy names."
	if h.NotInPolicy {
		next = "Owner of the domain: add the line `mx: {host}` to the file https://mta-sts.{domain}/.well-known/mta-sts.txt and change the `id` in the TXT record `_mta-sts.{domain}`, or take {host} out of the MX records."
	}
	return finding("mx-not-used", report.Undelivered, h.Name, "Careful senders bring no mail to this host: {error}", next,
		"{error}", h.Error, "{host}", h.Name, "{domain}", domain)
}
