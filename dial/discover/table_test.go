package discover_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
)

// table serves a public table with one entry.
func (w *world) table(domain, doc string) *discover.Options {
	w.Site("table.example", func(rw http.ResponseWriter, r *http.Request) { fakenet.Page("/v1.1/"+domain, doc)(rw, r) })
	o := w.options()
	o.ISPDB = "https://table.example/v1.1/"
	return o
}

func rowISPDB(t *testing.T) {
	in(t, ispdbOutside)
	// Servers under the domain itself need no word but that of their certificates.
	in(t, func(t *testing.T, w *world) {
		expect(t, w.find(w.table("example.org", simple("mail.example.org"))), `
			read ready imaps://mail.example.org:993 ispdb/provider table
			send ready submissions://mail.example.org:465 ispdb/provider table
			empty pacc
			empty srv
			empty autoconfig
			empty mx`)
	})
}

func ispdbOutside(t *testing.T, w *world) {
	o := w.table("example.org", simple("mail.hoster.net"))
	expect(t, w.find(o), `
		read ask imaps://mail.hoster.net:993 ispdb/provider table
		send ask submissions://mail.hoster.net:465 ispdb/provider table
		empty pacc
		empty srv
		empty autoconfig
		empty mx`)
	for _, req := range w.Recorded() {
		if strings.Contains(req, "joe") || !strings.HasPrefix(req, "table.example: GET https://table.example/v1.1/example.org ") {
			t.Error(req)
		}
	}
	w.noMail()
	asked := len(w.Recorded())
	o.ISPDB = ""
	expect(t, w.find(o), "empty pacc\nempty srv\nempty autoconfig\nempty guess")
	if len(w.Recorded()) != asked {
		t.Errorf("the table was asked without its URL: %q", w.Recorded())
	}
}

func rowMXInTable(t *testing.T, w *world) {
	w.Names.Add("example.org MX 10 mx1.europe.hoster.net.", "example.org MX 20 mx.other.net.")
	o := w.table("hoster.net", simple("mail.hoster.net"))
	const byTable = `
		read ask imaps://mail.hoster.net:993 mx/unsigned DNS → provider table
		send ask submissions://mail.hoster.net:465 mx/unsigned DNS → provider table
		empty pacc
		empty srv
		empty autoconfig
		empty ispdb`
	expect(t, w.find(o), byTable)
	for _, req := range w.Recorded() {
		if strings.Contains(req, "joe") || strings.Contains(req, "other.net") {
			t.Error(req)
		}
	}
	// The program's own table goes first.
	o.Providers = []discover.Provider{{MX: "Hoster.net.", Issuer: "https://login.hoster.net", Auth: []discover.Method{discover.MethodOAuth}, Endpoints: []dial.Endpoint{
		{Protocol: policy.IMAP, Host: "imap.hoster.net", Policy: policy.ImplicitTLS},
		{Protocol: policy.Submission, Host: "smtp.hoster.net", Port: 587, Policy: policy.RequiredSTARTTLS},
	}}}
	own := strings.NewReplacer("imaps://mail.hoster.net:993", "imaps://imap.hoster.net:993", "submissions://mail.hoster.net:465", "submission://smtp.hoster.net:587").Replace(byTable)
	res := w.find(o)
	expect(t, res, own)
	if c := res.Reading.AskFirst[0]; c.Issuer != "https://login.hoster.net" || len(c.Auth) != 1 || c.Proofs[0].Host != "hoster.net" {
		t.Errorf("%+v", c)
	}
	o.ISPDB = ""
	expect(t, w.find(o), strings.Replace(own, "empty ispdb", "", 1))
	for _, mx := range []string{"nothoster.net", "hoster.net.example"} { // is not the provider's
		o.Providers[0].MX = mx
		expect(t, w.find(o), "empty pacc\nempty srv\nempty autoconfig\nempty mx\nempty guess")
	}
	o.Providers[0].MX = "hoster.net"
	w.Names.Remove("example.org")
	w.Names.Add("example.org MX 10 nothoster.net.")
	expect(t, w.find(o), "empty pacc\nempty srv\nempty autoconfig\nempty mx\nempty guess")
	w.Names.Add("example.org MX 10 mx1.europe.hoster.net.") // one of two is enough
	expect(t, w.find(o), strings.Replace(own, "empty ispdb", "", 1))
	// A signed MX makes it no more than a table's word.
	expect(t, w.find(w.signed(o)), strings.NewReplacer("empty ispdb", "", "unsigned DNS → ", "").Replace(own))
	w.noMail()
}

func rowNothingUnderMX(t *testing.T) {
	in(t, nothingUnderMX)
	in(t, nothingUnderSuffix)
}

func nothingUnderMX(t *testing.T, w *world) {
	w.Names.Add("example.org MX 10 mx.evil.example.")
	for _, label := range []string{"imap", "mail", "smtp", "pop", "autoconfig", "ua-auto-config"} {
		ip := w.Host(label + ".evil.example")
		for _, p := range protocols() {
			for _, how := range policies() {
				w.Mail(ip, label+".evil.example", p, how, label+".evil.example")
			}
		}
	}
	o := w.table("unrelated.example", simple("mail.hoster.net"))
	expect(t, w.find(o), "empty pacc\nempty srv\nempty autoconfig\nempty ispdb\nempty mx\nempty guess")
	w.noMail()
	for _, q := range w.Names.Asked() {
		if strings.Contains(q, "evil") {
			t.Errorf("asked for %s", q)
		}
	}
}

// None under a public suffix either, whose MX or whose address it may be.
func nothingUnderSuffix(t *testing.T, w *world) {
	w.Names.Add("org A 192.0.2.200", "imap.org A 192.0.2.200", "mail.org A 192.0.2.200")
	for _, p := range protocols() {
		w.Mail("192.0.2.200", "imap.org", p, policy.ImplicitTLS, "imap.org", "mail.org")
	}
	w.find(nil)
	res, err := discover.Find(t.Context(), "joe@org", w.options())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "org", res)
	w.noMail()
	w.Names.Add("_imaps._tcp.org SRV 0 1 993 imap.org.")
	if res, err = discover.Find(t.Context(), "joe@org", w.options()); err != nil || len(res.Reading.Ready) != 0 || len(res.Reading.AskFirst) != 1 {
		t.Errorf("%s%v", show(res), err)
	}
}

// Which domains the public table is asked about for an MX host.
func TestParents(t *testing.T) {
	for mx, want := range map[string]string{
		"mx.hoster.net":            "example.org hoster.net",
		"a.b.c.d.e.hoster.net":     "b.c.d.e.hoster.net c.d.e.hoster.net d.e.hoster.net example.org",
		"mx.example.org":           "example.org",
		"mx.a.example.org":         "a.example.org example.org",
		"hoster":                   "example.org",
		"mx.hoster":                "example.org",
		".":                        "example.org",
		"192.0.2.1":                "example.org",
		"mx.xn--hster-jua.example": "example.org xn--hster-jua.example",
	} {
		in(t, func(t *testing.T, w *world) {
			w.Names.Add("example.org MX 0 " + mx + ".")
			if mx == "." {
				w.Names.Remove("example.org")
				w.Names.Add("example.org MX 0 .")
			}
			w.find(w.table("none.example", ""))
			var asked []string
			for _, req := range w.Recorded() {
				_, domain, _ := strings.Cut(req, "/v1.1/")
				asked = append(asked, strings.Fields(domain)[0])
			}
			if got := strings.Join(asked, " "); got != want {
				t.Errorf("%s: %s, want %s", mx, got, want)
			}
		})
	}
}

func TestTableFails(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.Names.Add("example.org MX 10 mx.hoster.net.")
		o := w.table("example.org", "not XML")
		w.Names.Fail("example.org MX", "SERVFAIL")
		res := w.find(o)
		expect(t, res, "empty pacc\nempty srv\nempty autoconfig\nempty guess\nfailed ispdb\nfailed mx")
		if !errors.Is(failure(res, discover.ISPDB), discover.ErrDocument) {
			t.Error(res.Failed)
		}
	})
}
