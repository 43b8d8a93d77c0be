package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// place returns where a domain's owner changes what a source says of a protocol.
func place(source, protocol, domain string) string {
	switch source {
	case "srv":
		return fmt.Sprintf("the SRV records `_%s._tcp.%s` and `_%[1]ss._tcp.%[2]s`", protocol, domain)
	case "autoconfig":
		return "the file `config-v1.1.xml` of autoconfig"
	case "pacc":
		return "the PACC document"
	case "ispdb":
		return "the table of providers (by a request to those who keep it)"
	case "mx":
		return "the MX records of " + domain
	}
	return ""
}

// places returns where to change what the sources say that name hosts.
func places(protocol, domain string, hosts map[string][]string) string {
	var all []string
	for _, source := range order() {
		if where := place(source, protocol, domain); where != "" && hosts[source] != nil {
			all = append(all, where)
		}
	}
	return strings.Join(all, ", and ")
}

// named returns what to do about a server that is named without TLS.
func named(domain string, c report.Candidate) string {
	if slices.ContainsFunc(c.Proofs, func(p report.Proof) bool { return p.Source == "autoconfig" }) {
		return "Owner of the domain: in " + place("autoconfig", "", domain) + ", set `socketType` to `SSL` or `STARTTLS`, with the port for it, or take the server out."
	}
	return "Owner of the domain: name it there with TLS, or take it out."
}
