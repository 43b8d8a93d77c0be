package words

import (
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// DomainFacts returns what is known of a domain.
func DomainFacts(d *report.Domain) (all []Fact) {
	for _, s := range d.Sources {
		all = append(all, Fact{s.Name, strings.TrimSuffix(string(s.State)+": "+s.Error, ": ")})
	}
	for _, c := range d.Reading {
		all = append(all, Fact{"to read", candidate(c)})
	}
	for _, c := range d.Sending {
		all = append(all, Fact{"to send", candidate(c)})
	}
	if d.Absent != nil {
		all = append(all, Fact{"absent", strings.Join(d.Absent, ", ")})
	}
	return append(all, mxFacts(d.MX)...)
}

// mxFacts returns what is known of the way on which mail comes to a domain.
func mxFacts(m *report.MX) (all []Fact) {
	if m == nil {
		return nil
	}
	add := func(label, text string) { all = append(all, Fact{label, text}) }
	if m.Error != "" {
		add("mail hosts", m.Error)
	}
	if m.STS != nil {
		add("MTA-STS", fmt.Sprintf("mode %s, %d days, for %s", m.STS.Mode, m.STS.MaxDays, strings.Join(m.STS.Hosts, ", ")))
	}
	if m.Broken != "" {
		add("MTA-STS", m.Broken)
	}
	for _, h := range m.Hosts {
		text := fmt.Sprintf("%s (%d): %s, by %s", h.Name, h.Preference, h.Demand, h.Why)
		if h.Error != "" {
			text = fmt.Sprintf("%s (%d): not used: %s", h.Name, h.Preference, h.Error)
		}
		add("takes mail", text)
	}
	return all
}

// candidate describes a server that a domain may have.
func candidate(c report.Candidate) string {
	said := make([]string, 0, len(c.Proofs))
	for _, p := range c.Proofs {
		said = append(said, p.Source+" ("+p.Voucher+", "+p.Host+")")
	}
	text := c.URL.String() + " - " + map[report.Standing]string{
		report.Ready: "may be used", report.AskFirst: "only after a question", report.Rejected: "refused, without TLS",
	}[c.Standing] + "; named by " + strings.Join(said, ", ")
	if len(c.Users) > 0 {
		text += "; user " + strings.Join(c.Users, " or ")
	}
	if c.Ways != nil {
		text += "; login by " + strings.Join(c.Ways, " or ")
	}
	return text
}
