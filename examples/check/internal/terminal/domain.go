package terminal

import (
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// domain writes which servers a domain has, and who says so.
func (p *printer) domain(d *report.Domain) {
	p.title("%s", d.Name)
	for _, line := range DomainFacts(d) {
		p.row(line.Label, line.Text)
	}
}

// DomainFacts returns what is known of a domain.
func DomainFacts(d *report.Domain) (all []Fact) {
	for _, s := range d.Sources {
		all = append(all, Fact{s.Name, strings.TrimSuffix(string(s.State)+": "+s.Error, ": ")})
	}
	for _, c := range d.Reading {
		all = append(all, Fact{"to read", Candidate(c)})
	}
	for _, c := range d.Sending {
		all = append(all, Fact{"to send", Candidate(c)})
	}
	if d.Absent != nil {
		all = append(all, Fact{"declared absent", strings.Join(d.Absent, ", ")})
	}
	return all
}

// Candidate describes a server that a domain may have.
func Candidate(c report.Candidate) string {
	said := make([]string, 0, len(c.Proofs))
	for _, p := range c.Proofs {
		said = append(said, p.Source+" ("+p.Voucher+" of "+p.Host+")")
	}
	text := c.URL.String() + " - " + map[report.Standing]string{
		report.Ready: "the domain vouches for it", report.AskFirst: "ask before it is used", report.Rejected: "refused, without TLS",
	}[c.Standing] + "; by " + strings.Join(said, ", ")
	if len(c.Users) > 0 {
		text += "; user " + strings.Join(c.Users, " or ")
	}
	if c.Ways != nil {
		text += "; by " + strings.Join(c.Ways, " or ")
	}
	return text
}
