package discover_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

// everything is a world in which each source has something to say, and the
// guesses too.
func everything(w *world) *discover.Options {
	doc := `{"protocols": {"imap": {"host": "mail.hoster.net"}}}`
	w.pacc(doc, doc)
	w.Names.Add("example.org MX 10 mx.hoster.net.", "_imaps._tcp.example.org SRV 0 1 993 mail.hoster.net.")
	w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, config(incoming("imap", "mail.hoster.net", "993", "SSL", "<username>%EMAILADDRESS%</username>"))))
	w.Site("example.org", fakenet.Page(wellKnownPath, config(incoming("imap", "mail.hoster.net", "993", "SSL"))))
	smtp := w.Host("smtp.example.org")
	w.Mail(smtp, "smtp.example.org", protocols()[2], policies()[0], "smtp.example.org")
	w.Mail(smtp, "smtp.example.org", protocols()[2], policies()[1], "smtp.example.org")
	return w.table("hoster.net", config(incoming("imap", "mail.hoster.net", "993", "SSL")))
}

// What each source learns: the domain. The address goes to autoconfig at the
// domain, if the program says so; passwords, cookies and referrers go nowhere, and
// nothing goes over http.
func TestLearned(t *testing.T) {
	const clean = ` referer="" cookie="" auth=""`
	want := []string{
		`autoconfig.example.org: GET https://autoconfig.example.org/mail/config-v1.1.xml` + clean,
		`example.org: GET https://example.org/.well-known/autoconfig/mail/config-v1.1.xml` + clean,
		`smtp.example.org:587: EHLO client.test`,
		`smtp.example.org:587: STARTTLS`,
		`table.example: GET https://table.example/v1.1/example.org` + clean,
		`table.example: GET https://table.example/v1.1/hoster.net` + clean,
		`ua-auto-config.example.org: GET https://ua-auto-config.example.org/.well-known/user-agent-configuration.json` + clean,
	}
	asked := []string{
		"_imap._tcp.example.org SRV", "_imaps._tcp.example.org SRV", "_pop3._tcp.example.org SRV", "_pop3s._tcp.example.org SRV",
		"_submission._tcp.example.org SRV", "_submissions._tcp.example.org SRV", "_ua-auto-config.example.org TXT",
		"autoconfig.example.org A", "autoconfig.example.org AAAA", "example.org A", "example.org AAAA", "example.org MX",
		"mail.example.org A", "mail.example.org AAAA", "smtp.example.org A", "smtp.example.org AAAA", "table.example A", "table.example AAAA",
		"ua-auto-config.example.org A", "ua-auto-config.example.org AAAA",
	}
	for _, tell := range []bool{false, true} {
		in(t, func(t *testing.T, w *world) {
			o := everything(w)
			o.TellAddress = tell
			w.find(o)
			want := slices.Clone(want)
			if tell {
				want[0] = strings.Replace(want[0], ".xml", ".xml?emailaddress=joe%40example.org", 1)
			}
			if got := w.Recorded(); !slices.Equal(got, want) {
				t.Errorf("servers heard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if got := w.Names.Asked(); !slices.Equal(got, asked) {
				t.Errorf("the resolver heard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(asked, "\n"))
			}
			for _, d := range w.Dialled() { // ports of TLS, and 587 for STARTTLS: http has none
				if !strings.HasPrefix(d, "udp ") && !strings.HasSuffix(d, ":443") && !strings.HasSuffix(d, ":465") && !strings.HasSuffix(d, ":587") {
					t.Errorf("dialled %s", d)
				}
			}
		})
	}
}

// The address is told to no server, whatever is in its local part.
func TestAddressInQuery(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		o := everything(w)
		o.TellAddress = true
		if _, err := discover.Find(t.Context(), `"a&b=c #?%2f"@example.org`, o); err != nil {
			t.Fatal(err)
		}
		for _, line := range w.Recorded() {
			if wantIt := strings.HasPrefix(line, "autoconfig."); wantIt != strings.Contains(line, "?emailaddress=%22a%26b%3Dc+%23%3F%252f%22%40example.org ") || !wantIt && strings.Contains(line, "b") && strings.Contains(line, "%26") {
				t.Error(line)
			}
		}
	})
}
