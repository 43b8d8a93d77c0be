package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"flag"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
)

var update = flag.Bool("update", false, "write the pages in testdata anew")

// setUps are what domains look like, by the name of the page that is shown for
// joe@example.org.
func setUps() map[string]func(w *fakenet.World, o *discover.Options) {
	return map[string]func(w *fakenet.World, o *discover.Options){
		"big-provider":     bigProvider,
		"srv-only":         srvOnly,
		"autoconfig-only":  autoconfigOnly,
		"hosted-table":     hostedTable,
		"hosted-srv":       hostedSRV,
		"hosted-signed":    hostedSigned,
		"conventional":     conventional,
		"no-imap":          noIMAP,
		"broken":           broken,
		"cleartext":        cleartext,
		"hostile":          hostile,
		"mistyped":         func(*fakenet.World, *discover.Options) {},
		"publishes-none":   func(w *fakenet.World, _ *discover.Options) { w.Names.Add("example.org MX 10 mx.example.org.") },
		"offline":          func(w *fakenet.World, _ *discover.Options) { w.Names.Fail("* *", "silent") },
		"resolver-refuses": func(w *fakenet.World, _ *discover.Options) { w.Names.Fail("* *", "REFUSED") },
	}
}

const doc = `<clientConfig version="1.1"><emailProvider id="x">
	<incomingServer type="imap"><hostname>HOST</hostname><port>993</port><socketType>SSL</socketType>
		<authentication>OAuth2</authentication><authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></incomingServer>
	<incomingServer type="pop3"><hostname>HOST</hostname><port>995</port><socketType>SSL</socketType>
		<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></incomingServer>
	<outgoingServer type="smtp"><hostname>HOST</hostname><port>587</port><socketType>STARTTLS</socketType>
		<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></outgoingServer>
	</emailProvider><oAuth2><issuer>login.hoster.example</issuer></oAuth2></clientConfig>`

func config(host string) string { return strings.ReplaceAll(doc, "HOST", host) }

func bigProvider(w *fakenet.World, _ *discover.Options) {
	pacc := `{"protocols": {"imap": {"host": "imap.example.org"}, "submit": {"host": "smtp.example.org"}},
		"authentication": {"oauth-public": {"issuer": "https://login.example.org"}, "password": false}, "info": {"provider": {"name": "Example"}}}`
	sum := sha256.Sum256([]byte(pacc))
	w.Names.Add(`_ua-auto-config.example.org TXT "v=UAAC1; a=sha256; d=`+base64.StdEncoding.EncodeToString(sum[:])+`"`,
		"_imaps._tcp.example.org SRV 5 0 993 imap.example.org.", "_submissions._tcp.example.org SRV 5 0 465 smtp.example.org.",
		"_imap._tcp.example.org SRV 0 0 0 .", "_pop3s._tcp.example.org SRV 20 0 995 pop.example.org.")
	w.Site("ua-auto-config.example.org", fakenet.Page("/.well-known/user-agent-configuration.json", pacc))
	w.Site("autoconfig.example.org", fakenet.Page("/mail/config-v1.1.xml", config("imap.example.org")))
}

func srvOnly(w *fakenet.World, _ *discover.Options) {
	w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 mail.example.org.", "_submissions._tcp.example.org SRV 0 1 465 mail.example.org.",
		"_submission._tcp.example.org SRV 0 1 587 mail.example.org.")
	w.Site("example.org", http.NotFound)
}

func autoconfigOnly(w *fakenet.World, _ *discover.Options) {
	w.Site("autoconfig.example.org", fakenet.Page("/mail/config-v1.1.xml", config("mail.hoster.example")))
}

func hostedTable(w *fakenet.World, o *discover.Options) {
	w.Names.Add("example.org MX 10 mx1.hoster.example.")
	w.Site("table.example", fakenet.Page("/hoster.example", config("mail.hoster.example")))
	o.ISPDB = "https://table.example/"
}

func hostedSRV(w *fakenet.World, _ *discover.Options) {
	w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 mail.hoster.example.", "_submissions._tcp.example.org SRV 0 1 465 mail.hoster.example.")
}

func hostedSigned(w *fakenet.World, o *discover.Options) {
	hostedSRV(w, o)
	w.Names.Sign("example.org")
	o.Resolver.TrustAD = true
}

func conventional(w *fakenet.World, _ *discover.Options) {
	ip := w.Host("mail.example.org")
	w.Mail(ip, "mail", policy.IMAP, policy.ImplicitTLS, "mail.example.org")
	w.Mail(ip, "mail", policy.Submission, policy.RequiredSTARTTLS, "mail.example.org")
}

func noIMAP(w *fakenet.World, _ *discover.Options) {
	w.Names.Add("_imaps._tcp.example.org SRV 0 0 0 .", "_imap._tcp.example.org SRV 0 0 0 .", "_pop3s._tcp.example.org SRV 0 1 995 pop.example.org.",
		"_submissions._tcp.example.org SRV 0 1 465 smtp.example.org.")
}

func broken(w *fakenet.World, _ *discover.Options) {
	w.Names.Fail("_imaps._tcp.example.org SRV", "SERVFAIL")
	w.SiteAs("autoconfig.example.org", w.CA.Server("hoster.example"), http.NotFound)
	w.Site("example.org", fakenet.Page("/.well-known/autoconfig/mail/config-v1.1.xml", "<!DOCTYPE html><title>Welcome</title>"))
	ip := w.Host("mail.example.org")
	w.Mail(ip, "mail", policy.IMAP, policy.ImplicitTLS, "mail.example.org")
	w.Mail(ip, "mail", policy.Submission, policy.ImplicitTLS, "hoster.example")
}

func cleartext(w *fakenet.World, _ *discover.Options) {
	w.Site("autoconfig.example.org", fakenet.Page("/mail/config-v1.1.xml", strings.NewReplacer("SSL", "plain", "STARTTLS", "plain", "993", "143", "995", "110").Replace(config("mail.example.org"))))
}

func hostile(w *fakenet.World, _ *discover.Options) {
	w.Names.Add("autoconfig.example.org A 127.0.0.1", "example.org A 169.254.169.254", "mail.example.org AAAA ::1",
		"_imaps._tcp.example.org SRV 0 1 993 127.0.0.1.", "_imaps._tcp.example.org SRV 1 1 22 imap.victim.example.", "_submissions._tcp.example.org SRV 0 1 465 \x1b[2J.evil.example.")
	w.Site("ua-auto-config.example.org", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	})
}

// options are those for a world.
func options(w *fakenet.World) *discover.Options {
	trust := &tls.Config{RootCAs: w.CA.Pool()}
	return &discover.Options{
		Resolver:  &dns.Resolver{Servers: []netip.AddrPort{netip.MustParseAddrPort(fakenet.Resolver)}, Dial: w.DialContext},
		Transport: &http.Transport{DialContext: w.DialContext, TLSClientConfig: trust},
		Dialer:    &dial.Dialer{NetDialer: w, TLSConfig: trust},
	}
}

// TestPages compares what is said of each set-up, word for word.
func TestPages(t *testing.T) {
	for name, set := range setUps() {
		synctest.Test(t, func(t *testing.T) {
			w := fakenet.NewWorld(t)
			o := options(w)
			set(w, o)
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), o, []string{"joe@example.org"}, &stdout, &stderr)
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, stdout.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := stdout.String(); got != string(want) || stderr.Len() > 0 {
				t.Errorf("%s:\n%s%s\nwant\n%s", name, got, &stderr, want)
			}
			if strings.ContainsAny(stdout.String(), "\x1b\r") {
				t.Errorf("%s: controls in the page", name)
			}
			if ready := strings.Count(stdout.String(), "Next: have a look at them"); (status == statusReady) != (ready == 1) {
				t.Errorf("%s: status %d", name, status)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"", "want one address"},
		{"a@example.org b@example.org", "want one address"},
		{"-no-such-flag a@example.org", "no-such-flag"},
		{"-timeout 0s a@example.org", "-timeout"},
		{"-resolver none a@example.org", "-resolver"},
		{"-table http://table.example/ a@example.org", "https"},
		{"example.org", "not a mail address"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(t.Context(), new(discover.Options), strings.Fields(c.args), &stdout, &stderr); status != statusUsage || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%q: %d %s", c.args, status, &stderr)
		}
	}
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), new(discover.Options), []string{"-h"}, &stdout, &stderr); status != statusReady || !strings.Contains(stdout.String(), "usage: find") {
		t.Errorf("-h: %d %s", status, &stdout)
	}
}

// What was found till an interrupt is shown.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := fakenet.NewWorld(t)
		srvOnly(w, nil)
		w.Listen(w.Host("autoconfig.example.org")+":443", nil)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { synctest.Wait(); cancel() }()
		var stdout, stderr bytes.Buffer
		status := run(ctx, options(w), []string{"joe@example.org"}, &stdout, &stderr)
		if status != statusUnsure || !strings.Contains(stdout.String(), "imaps://mail.example.org:993") || !strings.Contains(stderr.String(), "not finished") {
			t.Errorf("%d %s%s", status, &stdout, &stderr)
		}
	})
}
