package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
)

// report writes what was found, why, and what to do about it.
func report(w io.Writer, address string, found *discover.Result) {
	fmt.Fprintln(w, address)
	servers(w, address, "To read mail", found.Reading)
	servers(w, address, "To send mail", found.Sending)
	sources(w, found)
	fmt.Fprintf(w, "\n%s\n", advice(address, found))
}

// servers writes about the servers for one use.
func servers(w io.Writer, address, use string, s discover.Servers) {
	fmt.Fprintf(w, "\n%s\n", use)
	if len(s.Ready)+len(s.AskFirst) == 0 {
		fmt.Fprintln(w, "  no server was found")
	}
	for _, c := range s.Ready {
		candidate(w, c, "ready", worth(c.Proofs[0]))
	}
	for _, c := range s.AskFirst {
		candidate(w, c, "to be asked about", doubt(c.Proofs[0]))
	}
	for _, c := range s.Refused {
		candidate(w, c, "refused", "an attacker on the way could read the password and the mail")
	}
	if s.Absent != nil {
		fmt.Fprintf(w, "  the domain says that it has no %s\n", strings.Join(s.Absent, ", "))
	}
}

// candidate writes about one server.
func candidate(w io.Writer, c discover.Candidate, verdict, why string) {
	fmt.Fprintf(w, "  %v - %s\n", c.Endpoint, verdict)
	var said []string
	for _, p := range c.Proofs {
		said = append(said, p.String())
	}
	row(w, "said by", strings.Join(said, ", "))
	row(w, "that is", why)
	row(w, "log in as", strings.Join(c.Users, " or "))
	if c.Auth != nil {
		var ways []string
		for _, m := range c.Auth {
			if m == discover.MethodOAuth && c.Issuer != "" {
				m += discover.Method(" of " + c.Issuer)
			}
			ways = append(ways, string(m))
		}
		row(w, "with", strings.Join(ways, " or "))
	}
}

func row(w io.Writer, label, text string) { fmt.Fprintf(w, "      %-10s %s\n", label, text) }

// worth says in words what the proof of a ready server is worth. The package
// documentation of discover says against whom.
func worth(p discover.Proof) string {
	switch p.Voucher {
	case discover.SignedDigest:
		return "the domain's word, and its DNS is signed"
	case discover.Digest:
		return "the domain's word: its web server and its DNS say the same"
	case discover.SignedDNS:
		return "the domain's word: its DNS is signed"
	case discover.DomainHTTPS:
		return "the domain's word: its web server has proved its name"
	}
	return "a name under the domain, which the server has to prove by its certificate"
}

// doubt says in words why there is a question about a server.
func doubt(p discover.Proof) string {
	switch p.Voucher {
	case discover.OtherHTTPS:
		return "not the domain's word, but that of " + p.Host + ", to which its web server refers"
	case discover.Table:
		return "not the domain's word, but that of a table of providers"
	case discover.UnsignedMX:
		return "a guess from where the domain's mail is delivered, by DNS that others can change"
	case discover.UnsignedDNS:
		return "a server elsewhere, by DNS that others can change"
	}
	return "a guess, while what may know better could not be asked; the server has proved its name"
}

// maxShown bounds how many failures of one source are shown.
const maxShown = 2

// sources writes about those that had nothing, and those that have failed.
func sources(w io.Writer, found *discover.Result) {
	if found.Empty != nil {
		var names []string
		for _, s := range found.Empty {
			names = append(names, string(s))
		}
		fmt.Fprintf(w, "\nNothing there: %s\n", strings.Join(names, ", "))
	}
	if found.Failed == nil {
		return
	}
	fmt.Fprintf(w, "\nCould not be asked, or not be used\n")
	shown := map[discover.Source]int{}
	for i, f := range found.Failed {
		if shown[f.Source]++; shown[f.Source] <= maxShown {
			fmt.Fprintf(w, "  %s\n", strings.TrimPrefix(f.Error(), "discover: "))
		}
		last := i == len(found.Failed)-1 || found.Failed[i+1].Source != f.Source
		if more := shown[f.Source] - maxShown; last && more > 0 {
			fmt.Fprintf(w, "  %s: and %d more\n", f.Source, more)
		}
	}
}

// advice says what to do next.
func advice(address string, found *discover.Result) string {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	reading, sending := found.Reading, found.Sending
	switch {
	case len(reading.Ready) > 0 && len(sending.Ready) > 0:
		return fmt.Sprintf("Next: have a look at them, then log in.\n  go run ./examples/check %s", address)
	case found.NoDomain:
		return "Next: look at the address. The domain " + domain + " does not exist."
	case len(reading.AskFirst)+len(sending.AskFirst) > 0:
		return "Next: ask the person who gave you the address whether these servers are right, and only then\nlog in. Do not ask by mail that goes through them."
	case len(reading.Refused)+len(sending.Refused) > 0:
		return "Next: ask " + domain + " for servers with TLS. Those that it names cannot be used."
	case noDNS(found):
		return "Next: look at this computer's network. Its name servers do not answer; -resolver asks\nanother one."
	case found.Failed != nil:
		return "Next: try again, perhaps from another network: what could not be asked may know the\nservers. If it fails again, tell " + domain + " what is said above."
	case len(reading.Ready)+len(sending.Ready) > 0:
		return "Next: ask " + domain + " for the name of the other server."
	}
	return "Next: ask " + domain + " for the names of its servers. It publishes none."
}

// noDNS reports whether no question to the DNS was answered.
func noDNS(found *discover.Result) bool {
	for _, f := range found.Failed {
		if failed := new(dns.Error); f.Source == discover.SRV && !errors.As(f, &failed) {
			return false
		}
	}
	return found.Failed != nil && found.Empty == nil
}
