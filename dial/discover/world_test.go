package discover_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
)

const address = "joe@example.org"

// world is a network in memory, and the test that runs in it.
type world struct {
	*fakenet.World
	t *testing.T
}

// in runs a test in a bubble, in an empty world.
func in(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{fakenet.NewWorld(t), t}
		f(t, w)
		synctest.Wait()
		if open := w.Open(); open != 0 {
			t.Errorf("%d connections are left open", open)
		}
	})
}

const (
	autoconfigPath = "/mail/config-v1.1.xml"
	wellKnownPath  = "/.well-known/autoconfig/mail/config-v1.1.xml"
	paccPath       = "/.well-known/user-agent-configuration.json"
)

// config returns an autoconfig document with some servers.
func config(servers ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><clientConfig version="1.1"><emailProvider id="x">` + strings.Join(servers, "") + `</emailProvider></clientConfig>`
}

// incoming and outgoing return a server of a document.
func incoming(kind, host, port, socket string, more ...string) string {
	return `<incomingServer type="` + kind + `"><hostname>` + host + `</hostname><port>` + port + `</port><socketType>` + socket + `</socketType>` + strings.Join(more, "") + `</incomingServer>`
}

func outgoing(host, port, socket string, more ...string) string {
	return strings.ReplaceAll(incoming("smtp", host, port, socket, more...), "incomingServer", "outgoingServer")
}

// simple is a document with IMAP and submission at one host.
func simple(host string) string {
	return config(incoming("imap", host, "993", "SSL"), outgoing(host, "465", "SSL"))
}

// pacc serves a PACC document at the domain, with TXT records of digests of some
// texts.
func (w *world) pacc(text string, digestsOf ...string) {
	w.Site("ua-auto-config.example.org", fakenet.Page(paccPath, text))
	for _, d := range digestsOf {
		w.Names.Add(`_ua-auto-config.example.org TXT "` + digest(d) + `"`)
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "v=UAAC1; a=sha256; d=" + base64.StdEncoding.EncodeToString(sum[:])
}

// paccDoc is a PACC document for one host.
func paccDoc(host string) string {
	return `{"protocols": {"imap": {"host": "` + host + `"}, "submit": {"host": "` + host + `"}},
		"authentication": {"oauth-public": {"issuer": "https://auth.example.org/"}, "password": true}, "info": {"provider": {"name": "x"}}}`
}

// options returns Options for this world.
func (w *world) options() *discover.Options {
	return &discover.Options{
		Resolver:  &dns.Resolver{Servers: []netip.AddrPort{netip.MustParseAddrPort(fakenet.Resolver)}, Dial: w.DialContext},
		Transport: &http.Transport{DialContext: w.DialContext, TLSClientConfig: &tls.Config{RootCAs: w.CA.Pool()}},
		Dialer:    &dial.Dialer{NetDialer: w, TLSConfig: &tls.Config{RootCAs: w.CA.Pool()}, LocalName: "client.test"},
	}
}

// signed makes the domain's zone signed, and the resolver trusted.
func (w *world) signed(o *discover.Options) *discover.Options {
	w.Names.Sign("example.org")
	o.Resolver.TrustAD = true
	return o
}

// find finds the servers of the address, and fails the test on an error.
func (w *world) find(o *discover.Options) *discover.Result {
	w.t.Helper()
	if o == nil {
		o = w.options()
	}
	res, err := discover.Find(w.t.Context(), address, o)
	if err != nil {
		w.t.Fatal(err)
	}
	check(w.t, "example.org", res)
	return res
}

// check holds every result to what is always true.
func check(t *testing.T, domain string, res *discover.Result) {
	t.Helper()
	for _, s := range []discover.Servers{res.Reading, res.Sending} {
		for _, c := range slices.Concat(s.Ready, s.AskFirst, s.Refused) {
			if same, err := dial.ParseEndpoint(c.Endpoint.String()); same != c.Endpoint || err != nil {
				t.Errorf("%+v is not in its canonical form, %v: another source has another candidate for it", c.Endpoint, err)
			}
		}
		for _, c := range slices.Concat(s.Ready, s.AskFirst) {
			inside := c.Endpoint.Host == domain || strings.HasSuffix(c.Endpoint.Host, "."+domain)
			if c.Endpoint.Policy != policy.ImplicitTLS && c.Endpoint.Policy != policy.RequiredSTARTTLS {
				t.Errorf("%v is offered without TLS", c.Endpoint)
			}
			if slices.ContainsFunc(s.Ready, func(r discover.Candidate) bool { return r.Endpoint == c.Endpoint }) && !inside && c.Proofs[0].Voucher < discover.DomainHTTPS {
				t.Errorf("%v is ready by %v", c.Endpoint, c.Proofs)
			}
			if c.Endpoint.Port == 0 || c.Endpoint.Validate() != nil || len(c.Users) == 0 || len(c.Proofs) == 0 || c.Why != nil {
				t.Errorf("%+v is not whole", c)
			}
		}
		for _, c := range s.Refused {
			if !errors.Is(c.Why, discover.ErrCleartext) {
				t.Errorf("%+v is refused without a reason", c)
			}
		}
	}
	for _, f := range res.Failed {
		if text := f.Error(); len(text) > 512 || strings.ContainsAny(text, "\r\n\x00\x1b") {
			t.Errorf("%q", text)
		}
	}
}

// show writes a result in lines.
func show(res *discover.Result) string {
	var b strings.Builder
	for _, use := range []struct {
		name string
		s    discover.Servers
	}{{"read", res.Reading}, {"send", res.Sending}} {
		for _, list := range []struct {
			name string
			all  []discover.Candidate
		}{{"ready", use.s.Ready}, {"ask", use.s.AskFirst}, {"refused", use.s.Refused}} {
			for _, c := range list.all {
				var proofs []string
				for _, p := range c.Proofs {
					proofs = append(proofs, string(p.Source)+"/"+p.Voucher.String())
				}
				fmt.Fprintf(&b, "%s %s %v %s\n", use.name, list.name, c.Endpoint, strings.Join(proofs, ", "))
			}
		}
		for _, a := range use.s.Absent {
			fmt.Fprintf(&b, "%s absent %s\n", use.name, a)
		}
	}
	for _, s := range res.Empty {
		fmt.Fprintf(&b, "empty %s\n", s)
	}
	for _, f := range res.Failed {
		fmt.Fprintf(&b, "failed %s\n", f.Source)
	}
	return b.String()
}

// expect compares a result, line by line; blanks at the ends do not count.
func expect(t *testing.T, res *discover.Result, want string) {
	t.Helper()
	trim := func(s string) string {
		var lines []string
		for line := range strings.Lines(s) {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "\n")
	}
	if got := trim(show(res)); got != trim(want) {
		t.Errorf("found\n%s\nwant\n%s\nfailed: %v", got, trim(want), res.Failed)
	}
}

// failure returns the error of a source that failed, nil if it did not.
func failure(res *discover.Result, s discover.Source) error {
	for _, f := range res.Failed {
		if f.Source == s {
			return f
		}
	}
	return nil
}

// noMail fails the test if a mail server was connected to.
func (w *world) noMail() {
	w.t.Helper()
	for _, d := range w.Dialled() {
		if strings.HasPrefix(d, "tcp") && !strings.HasSuffix(d, ":443") && !strings.HasSuffix(d, ":53") {
			w.t.Errorf("dialled %s", d)
		}
	}
}

var _ dial.NetDialer = (*fakenet.Net)(nil)
