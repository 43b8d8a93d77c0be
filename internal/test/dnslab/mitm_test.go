package dnslab

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/internal/test/dnslab/nameservers"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
)

var update = flag.Bool("update", false, "write testdata/mitm.txt anew")

// TestMain lets many cells run at once: they wait more than they work.
func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "8")
	m.Run()
}

// row is a domain, what of it the man in the middle is aimed at, and what he
// answers.
type row struct {
	title    string
	domain   string
	dns      func(name, kind string) bool // questions; or
	address  string                       // a host's
	forge    []string                     // records
	redirect []string
}

const (
	evil    = "203.0.113.66" // the attacker's host, with certificates for evil.example and the names below
	paccDoc = `{"protocols": {"imap": {"host": "mail.hoster.example"}, "submit": {"host": "mail.hoster.example"}}, "authentication": {"password": true}}`
	evilDoc = `{"protocols": {"imap": {"host": "mail.evil.example"}, "submit": {"host": "mail.evil.example"}}}`
)

func digest(doc string) string {
	sum := sha256.Sum256([]byte(doc))
	return `"v=UAAC1; a=sha256; d=` + base64.StdEncoding.EncodeToString(sum[:]) + `"`
}

func config(host string) string {
	return `<clientConfig><emailProvider id="x"><incomingServer type="imap"><hostname>` + host + `</hostname><port>993</port><socketType>SSL</socketType></incomingServer>` +
		`<outgoingServer type="smtp"><hostname>` + host + `</hostname><port>465</port><socketType>SSL</socketType></outgoingServer></emailProvider></clientConfig>`
}

// srv returns SRV records at a domain of a zone that lead to a host.
func srv(domain, host string) []string {
	return []string{"_imaps._tcp." + domain + " SRV 0 1 993 " + host + ".", "_submissions._tcp." + domain + " SRV 0 1 465 " + host + "."}
}

// domains are the records below signed.example and plain.example: each domain
// has its servers by one source, all of them by all.
func domains() []string {
	all := slices.Concat(srv("srv", "mail.hoster.example"), srv("under", "mail.under.plain.example"), srv("all", "mail.hoster.example"))
	for _, d := range []string{"pacc", "all"} {
		all = append(all, "ua-auto-config."+d+" A 192.0.2.10", "_ua-auto-config."+d+" TXT "+digest(paccDoc))
	}
	for _, d := range []string{"auto", "all"} {
		all = append(all, "autoconfig."+d+" A 192.0.2.11")
	}
	return append(all, "mx MX 10 mx.hoster.example.", "all MX 10 mx.hoster.example.", "isp A 192.0.2.19",
		"imap.guess A 192.0.2.13", "smtp.guess A 192.0.2.13", "imap.all A 192.0.2.13", "smtp.all A 192.0.2.13")
}

// rows are the sources, in a signed zone and in one that is not.
func rows() (all []row) {
	for _, zone := range []string{"signed.example", "plain.example"} {
		is := func(kind, prefix string) func(string, string) bool {
			return func(name, k string) bool {
				return k == kind && strings.HasPrefix(name, prefix) && strings.HasSuffix(name, "."+zone)
			}
		}
		at := func(domain string) string { return domain + "." + zone }
		alias := func(name, to string) []string { return []string{name + " CNAME " + to} }
		all = append(all,
			row{"SRV, server elsewhere: the records", at("srv"), is("SRV", "_"), "", srv(at("srv"), "mail.evil.example"),
				append(alias("_imaps._tcp."+at("srv"), "_imaps._tcp.evil.example"), alias("_submissions._tcp."+at("srv"), "_submissions._tcp.evil.example")...)},
			row{"SRV, server elsewhere: the records, to a name under the domain", at("srv"),
				func(name, k string) bool { return k == "SRV" || strings.HasPrefix(name, "mail.evil.") }, "",
				append(srv(at("srv"), "mail.evil."+at("srv")), "mail.evil."+at("srv")+" A "+evil), nil},
			row{"PACC: the digest", at("pacc"), is("TXT", "_ua-auto-config."), "", []string{"_ua-auto-config." + at("pacc") + " TXT " + digest(evilDoc)},
				alias("_ua-auto-config."+at("pacc"), "_ua-auto-config.evil.example")},
			row{"PACC: the host's address", at("pacc"), is("A", "ua-auto-config."), "", []string{"ua-auto-config." + at("pacc") + " A " + evil},
				alias("ua-auto-config."+at("pacc"), "evil.example")},
			row{"autoconfig: the host's address", at("auto"), is("A", "autoconfig."), "", []string{"autoconfig." + at("auto") + " A " + evil},
				alias("autoconfig."+at("auto"), "evil.example")},
			row{"MX in the table: the record", at("mx"), is("MX", "mx."), "", []string{at("mx") + " MX 10 mx.bighoster.example."},
				alias(at("mx"), "evil.example")},
			row{"guess: the hosts' addresses", at("guess"), func(name, k string) bool { return k == "A" && strings.HasSuffix(name, "."+at("guess")) }, "", []string{"imap." + at("guess") + " A " + evil, "smtp." + at("guess") + " A " + evil},
				append(alias("imap."+at("guess"), "evil.example"), alias("smtp."+at("guess"), "evil.example")...)},
			row{"all sources: every answer of the DNS", at("all"), func(name, _ string) bool { return strings.HasSuffix(name, at("all")) }, "",
				slices.Concat(srv(at("all"), "mail.evil.example"), []string{"ua-auto-config." + at("all") + " A " + evil, "autoconfig." + at("all") + " A " + evil,
					"_ua-auto-config." + at("all") + " TXT " + digest(evilDoc), at("all") + " MX 10 mx.bighoster.example."}), nil},
		)
	}
	const plain = ".plain.example"
	return append(all,
		row{"SRV, server under the domain: the records", "under" + plain, func(_, k string) bool { return k == "SRV" }, "", srv("under"+plain, "mail.evil.example"), nil},
		row{title: "PACC: the web server", domain: "pacc" + plain, address: "192.0.2.10:443"},
		row{title: "autoconfig: the web server", domain: "auto" + plain, address: "192.0.2.11:443"},
		row{title: "table: the web server", domain: "isp" + plain, address: "192.0.2.12:443"},
		row{title: "guess: the mail servers", domain: "guess" + plain, address: "192.0.2.13:*"},
		row{title: "all sources: the web server of PACC", domain: "all" + plain, address: "192.0.2.10:443"},
		row{title: "all sources: every web server", domain: "all" + plain, address: "*:443"},
	)
}

// TestManInTheMiddle shows what Find says with a man in the middle at each source.
// What it says is compared, cell by cell, with testdata/mitm.txt; and in every cell
// nothing is ready that the domain does not vouch for, or that is not under it.
func TestManInTheMiddle(t *testing.T) {
	web := domains()
	s := nameservers.StartNSD(t,
		nameservers.Zone{Name: "signed.example", Signed: true, Records: web},
		nameservers.Zone{Name: "plain.example", Records: web},
		nameservers.Zone{Name: "hoster.example", Records: []string{"mail A 192.0.2.20", "mx A 192.0.2.20"}},
		nameservers.Zone{Name: "bighoster.example", Records: []string{"mx A 192.0.2.21"}},
		nameservers.Zone{Name: "table.example", Records: []string{"@ A 192.0.2.12"}},
		nameservers.Zone{Name: "evil.example", Records: []string{"_imaps._tcp SRV 0 1 993 mail.evil.example.", "_submissions._tcp SRV 0 1 465 mail.evil.example.", "@ A " + evil, "mail A " + evil, "_ua-auto-config TXT " + digest(evilDoc), "@ MX 10 mx.bighoster.example."}},
	)
	ca, theirs := fakenet.NewCA(t), fakenet.NewCA(t)
	all := rows()
	cells := make([][]string, len(all))
	t.Run("cells", func(t *testing.T) {
		for i, r := range all {
			cells[i] = make([]string, len(modes()))
			for j, m := range modes() {
				if m == redirect && r.redirect == nil && r.dns != nil {
					continue
				}
				t.Run(fmt.Sprintf("%d %s", i, m), func(t *testing.T) {
					t.Parallel()
					cells[i][j] = meet(t, s, r, m, ca, theirs)
				})
			}
		}
	})
	var b strings.Builder
	for i, r := range all {
		fmt.Fprintf(&b, "%s (%s)\n", r.title, r.domain)
		for j, m := range modes() {
			if cells[i][j] != "" {
				fmt.Fprintf(&b, "  %-9s %s\n", m, strings.ReplaceAll(cells[i][j], "\n", "\n            "))
			}
		}
	}
	file := filepath.Join("testdata", "mitm.txt")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) && !t.Failed() {
		t.Errorf("the table is\n%s\nwant\n%s", &b, want)
	}
}

// meet finds the servers of a domain with a man in the middle, and shows what was
// found.
func meet(t *testing.T, s *nameservers.NSD, r row, m mode, ca, theirs *fakenet.CA) string {
	answers := new(fakenet.Names)
	switch m {
	case forge:
		answers.Add(r.forge...)
	case redirect:
		answers.Add(r.redirect...)
	}
	answers.Add("evil.example A " + evil)
	middle := interpose(t, &man{upstream: fmt.Sprintf("127.0.0.1:%d", s.Port), mode: m, aimed: r.dns, answers: answers})
	network := servers(t, r, m, ca, theirs)
	trust := &tls.Config{RootCAs: ca.Pool()}
	o := &discover.Options{
		Resolver:  nameservers.Resolver(nameservers.StartUnbound(t, s, middle)),
		Transport: &http.Transport{DialContext: network.DialContext, TLSClientConfig: trust},
		Dialer:    &dial.Dialer{NetDialer: network, TLSConfig: trust},
		ISPDB:     "https://table.example/",
		Timeout:   20 * time.Second,
	}
	if m == delay {
		o.Timeout = 4 * time.Second
	}
	res, err := discover.Find(t.Context(), "joe@"+r.domain, o)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, r, network, res)
	for _, c := range slices.Concat(res.Reading.Ready, res.Sending.Ready) {
		if !strings.Contains(c.Endpoint.Host, "evil") {
			continue
		}
		// A name under the domain that the attacker has made up: a connection ends
		// at his certificate.
		d := dial.Dialer{NetDialer: o.NetDialer(), TLSConfig: trust}
		_, err := d.Dial(t.Context(), c.Endpoint)
		if bad := new(tls.CertificateVerificationError); !errors.As(err, &bad) {
			t.Errorf("%v: %v", c.Endpoint, err)
		}
	}
	for _, failed := range res.Failed {
		t.Log(failed) // the table has only the source
	}
	return page(res)
}

// hold checks what is true in every cell.
func hold(t *testing.T, r row, network *fakenet.Net, res *discover.Result) {
	t.Helper()
	for _, s := range []discover.Servers{res.Reading, res.Sending} {
		for _, c := range s.Ready {
			if under := strings.HasSuffix(c.Endpoint.Host, "."+r.domain); !under && (c.Proofs[0].Voucher < discover.DomainHTTPS || strings.Contains(c.Endpoint.Host, "evil")) {
				t.Errorf("%v is ready by %v", c.Endpoint, c.Proofs)
			}
		}
		for _, c := range slices.Concat(s.Ready, s.AskFirst) {
			if c.Endpoint.Policy != policy.ImplicitTLS && c.Endpoint.Policy != policy.RequiredSTARTTLS {
				t.Errorf("%v is offered", c.Endpoint)
			}
		}
	}
	// No mail server is connected to but those that the guessed names lead to.
	led := r.dns != nil && r.dns("imap."+r.domain, "A") // to where the attacker says
	for _, d := range network.Dialled() {
		if !strings.HasSuffix(d, ":443") && !strings.HasPrefix(d, "tcp 192.0.2.13:") && !(led && strings.HasPrefix(d, "tcp "+evil+":")) {
			t.Errorf("dialled %s", d)
		}
	}
}

// servers returns the network that a cell's web and mail servers are on, with the
// man in the middle if he is aimed at one of them.
func servers(t *testing.T, r row, m mode, ca, theirs *fakenet.CA) *fakenet.Net {
	n := fakenet.New(t)
	under := func(label string) (names []string) {
		for _, d := range []string{"pacc", "auto", "guess", "all"} {
			names = append(names, label+"."+d+".signed.example", label+"."+d+".plain.example")
		}
		return names
	}
	listen := func(ip, port string, serve func(*tls.Config) func(net.Conn), names ...string) {
		address := ip + ":" + port
		aimed := r.address == address || r.address == ip+":*" || r.address == "*:"+port
		switch {
		case m == honest || !aimed:
			n.Listen(address, serve(ca.Server(names...)))
		case m == delay:
			n.Listen(address, nil)
		case m == forge:
			n.Listen(address, serve(theirs.Server(names...)))
		case m == redirect:
			n.Listen(address, serve(ca.Server("evil.example")))
		}
	}
	site := func(h http.HandlerFunc) func(*tls.Config) func(net.Conn) {
		return func(c *tls.Config) func(net.Conn) { return fakenet.Web(c, h) }
	}
	mail := func(p policy.Protocol) func(*tls.Config) func(net.Conn) {
		return func(c *tls.Config) func(net.Conn) { return fakenet.Mail(p, policy.ImplicitTLS, c, nil) }
	}
	listen("192.0.2.10", "443", site(fakenet.Page("/.well-known/user-agent-configuration.json", paccDoc)), under("ua-auto-config")...)
	listen("192.0.2.11", "443", site(fakenet.Page("/mail/config-v1.1.xml", config("mail.hoster.example"))), under("autoconfig")...)
	listen("192.0.2.12", "443", site(table), "table.example")
	listen("192.0.2.13", "993", mail(policy.IMAP), under("imap")...)
	listen("192.0.2.13", "465", mail(policy.Submission), under("smtp")...)
	n.Listen("192.0.2.19:443", fakenet.Web(ca.Server("isp.plain.example", "isp.signed.example"), http.NotFoundHandler()))
	// The attacker's own host serves whatever it is asked for.
	n.Listen(evil+":443", fakenet.Web(ca.Server("evil.example", "mail.evil.example"), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".json") {
			fmt.Fprint(rw, evilDoc)
			return
		}
		fmt.Fprint(rw, config("mail.evil.example"))
	})))
	for port, p := range map[string]policy.Protocol{"993": policy.IMAP, "465": policy.Submission} {
		n.Listen(evil+":"+port, fakenet.Mail(p, policy.ImplicitTLS, ca.Server("evil.example", "mail.evil.example"), nil))
	}
	return n
}

// table is the public table of providers.
func table(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/isp.plain.example", "/isp.signed.example", "/hoster.example":
		fmt.Fprint(rw, config("mail.hoster.example"))
	case "/bighoster.example":
		fmt.Fprint(rw, config("mail.bighoster.example"))
	default:
		http.NotFound(rw, r)
	}
}

// page writes a result in lines.
func page(res *discover.Result) string {
	var lines []string
	for _, s := range []discover.Servers{res.Reading, res.Sending} {
		for list, all := range [][]discover.Candidate{s.Ready, s.AskFirst} {
			for _, c := range all {
				var by []string
				for _, p := range c.Proofs {
					by = append(by, fmt.Sprintf("%s, %v", p.Source, p.Voucher))
				}
				lines = append(lines, fmt.Sprintf("%-5s %v by %s", []string{"ready", "ask"}[list], c.Endpoint, strings.Join(by, "; ")))
			}
		}
	}
	if lines == nil {
		lines = append(lines, "nothing")
	}
	var failed []string
	for _, f := range res.Failed {
		failed = append(failed, string(f.Source))
	}
	slices.Sort(failed)
	if failed = slices.Compact(failed); failed != nil {
		lines = append(lines, "failed: "+strings.Join(failed, ", "))
	}
	return strings.Join(lines, "\n")
}
