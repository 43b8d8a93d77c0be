package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// ofDomain returns what is wrong with what a domain says of its servers.
func ofDomain(d *report.Domain) (all []report.Finding) {
	add := func(id string, harm report.Harm, what, next string, pairs ...string) {
		all = append(all, finding(id, harm, d.Name, what, next, append(pairs, "{domain}", d.Name)...))
	}
	switch {
	case d.Missing:
		add("no-domain", report.Unknown, "The domain does not exist.", "You: look at the spelling of the address.")
		return all
	case offline(d):
		add("offline", report.Unknown, "None of the sources that know a domain's servers could be asked: {error}",
			"You: look whether this computer is on the net; `-resolver` asks another name server.", "{error}", d.Sources[0].Error)
		return all
	}
	for _, use := range []struct {
		name    string
		servers []report.Candidate
	}{{"reading", d.Reading}, {"sending", d.Sending}} {
		all = append(all, ofUse(d, use.name, use.servers)...)
	}
	all = append(all, ofMX(d.Name, d.MX)...)
	for _, s := range d.Sources {
		if failed(s) {
			add("source-failed", report.Weaker, "What {source} says could not be had: {error}",
				"Owner of the domain: repair it, or take it away, since mail programs ask it.", "{source}", source(s.Name), "{error}", s.Error)
		}
	}
	return all
}

func failed(s report.Source) bool { return s.State == report.Failed }

// offline reports whether no source has answered at all.
func offline(d *report.Domain) bool {
	return len(d.Sources) > 0 && !slices.ContainsFunc(d.Sources, func(s report.Source) bool { return !failed(s) })
}

// ofUse returns what is wrong with the servers for reading, or for sending.
func ofUse(d *report.Domain, use string, servers []report.Candidate) (all []report.Finding) {
	add := func(id string, harm report.Harm, what, next string, pairs ...string) {
		all = append(all, finding(id, harm, d.Name, what, next, append(pairs, "{domain}", d.Name)...))
	}
	for _, c := range servers {
		if c.Standing == report.Rejected {
			add("named-without-tls", report.Exposed,
				"Mail programs are told to use {host} without encryption ({url}), by {sources}.", named(c),
				"{host}", c.URL.Host, "{url}", c.URL.String(), "{sources}", sources(c))
		}
	}
	ready := slices.ContainsFunc(servers, func(c report.Candidate) bool { return c.Standing == report.Ready })
	asked := slices.ContainsFunc(servers, func(c report.Candidate) bool { return c.Standing == report.AskFirst })
	switch {
	case !ready && asked:
		add("not-vouched", report.Weaker,
			"For {use} mail, only what an attacker on the way can change names the servers. A careful mail program asks before it uses them.",
			"Owner of the domain: sign its DNS (DNSSEC), or put the servers' names at https://autoconfig.{domain}/mail/config-v1.1.xml. You: `-yes` looks at them.", "{use}", use)
	case !ready && slices.ContainsFunc(d.Sources, failed):
		add("server-unknown", report.Unknown, "For {use} mail, no server is known, and not all that may name one could be asked.",
			"You: look again later, or from another network.", "{use}", use)
	case !ready:
		add("no-server", report.Locked, "For {use} mail, the domain names no server that can be used.",
			"Owner of the domain: publish SRV records (RFC 6186), or an autoconfig document.", "{use}", use)
	}
	return append(all, contradictions(d, use, servers)...)
}

// contradictions returns a finding where two sources name different hosts for one protocol.
func contradictions(d *report.Domain, use string, servers []report.Candidate) (all []report.Finding) {
	hosts := map[string]map[string][]string{} // by protocol and source
	var order []string
	for _, c := range servers {
		protocol := c.URL.Protocol.String()
		if hosts[protocol] == nil {
			hosts[protocol] = map[string][]string{}
			order = append(order, protocol)
		}
		for _, p := range c.Proofs {
			hosts[protocol][p.Source] = append(hosts[protocol][p.Source], c.URL.Host)
		}
	}
	for _, protocol := range order {
		if said := apart(hosts[protocol]); said != "" {
			all = append(all, finding("contradiction", report.Weaker, d.Name,
				"For {use} mail by {protocol}, the sources do not name the same server: {said}. Which one a mail program uses depends on what it asks.",
				"Owner of the domain: name the same host in all of them: "+places(hosts[protocol])+".",
				"{use}", use, "{protocol}", protocol, "{said}", said, "{domain}", d.Name))
		}
	}
	return all
}

// apart returns what sources say, if two of them have no host in common.
func apart(hosts map[string][]string) string {
	var said []string
	differ := false
	for _, a := range order() {
		if hosts[a] == nil {
			continue
		}
		said = append(said, fmt.Sprintf("%s says %s", source(a), strings.Join(unique(hosts[a]), ", ")))
		for b := range hosts {
			common := slices.ContainsFunc(hosts[a], func(h string) bool { return slices.Contains(hosts[b], h) })
			differ = differ || !common
		}
	}
	if !differ {
		return ""
	}
	return strings.Join(said, "; ")
}

func unique(list []string) []string {
	list = slices.Sorted(slices.Values(list))
	return slices.Compact(list)
}

// order returns the names of the sources in the order in which they are named.
func order() []string { return []string{"pacc", "srv", "autoconfig", "ispdb", "mx", "guess"} }

// sources returns who names a server.
func sources(c report.Candidate) string {
	var names []string
	for _, p := range c.Proofs {
		names = append(names, source(p.Source))
	}
	return strings.Join(unique(names), " and ")
}

// source returns the name of a source as a person may know it.
func source(name string) string {
	if known := map[string]string{
		"pacc": "the PACC document", "srv": "the DNS (SRV)", "autoconfig": "the autoconfig document",
		"ispdb": "the table of providers", "mx": "the DNS (MX)", "guess": "a guess",
	}[name]; known != "" {
		return known
	}
	return name
}
