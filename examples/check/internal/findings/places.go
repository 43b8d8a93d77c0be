package findings

import (
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// place returns where the owner of {domain} changes what a source says of {protocol}.
func place(source string) string {
	switch source {
	case "srv":
		return "the SRV records `_{protocol}._tcp.{domain}` and `_{protocol}s._tcp.{domain}`"
	case "autoconfig":
		return "the file `config-v1.1.xml` of autoconfig"
	case "pacc":
		return "the PACC document"
	case "ispdb":
		return "the table of providers (by a request to those who keep it)"
	case "mx":
		return "the MX records of {domain}"
	}
	return ""
}

// places returns where to change what the sources say that name hosts.
func places(hosts map[string][]string) string {
	var all []string
	for _, source := range order() {
		if where := place(source); where != "" && hosts[source] != nil {
			all = append(all, where)
		}
	}
	return strings.Join(all, ", and ")
}

// named returns what to do about a server that is named without TLS.
func named(c report.Candidate) string {
	if slices.ContainsFunc(c.Proofs, func(p report.Proof) bool { return p.Source == "autoconfig" }) {
		return "Owner of the domain: in " + place("autoconfig") + ", set `socketType` to `SSL` or `STARTTLS`, with the port for it, or take the server out."
	}
	return "Owner of the domain: name it there with TLS, or take it out."
}
