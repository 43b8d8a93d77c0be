package main

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
)

// ask runs the program in a world.
func ask(t *testing.T, w *fakenet.World, args ...string) (int, *report.Report) {
	t.Helper()
	trust := &tls.Config{RootCAs: w.CA.Pool()}
	find := &discover.Options{
		Resolver:  &dns.Resolver{Servers: []netip.AddrPort{netip.MustParseAddrPort(fakenet.Resolver)}, Dial: w.DialContext},
		Transport: &http.Transport{DialContext: w.DialContext, TLSClientConfig: trust},
		Dialer:    &dial.Dialer{NetDialer: w, TLSConfig: trust},
	}
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), find, append([]string{"-json"}, args...), new(bytes.Buffer), &stdout, &stderr)
	r, err := report.Read(&stdout)
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return status, r
}

func urls(r *report.Report) (all []string) {
	for _, e := range r.Endpoints {
		all = append(all, e.URL.String())
	}
	return all
}

// The servers that a domain vouches for are looked at, and no others.
func TestDomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := fakenet.NewWorld(t)
		w.Names.Add("example.org MX 0 .", "_imaps._tcp.example.org SRV 0 1 993 imap.example.org.", "_submissions._tcp.example.org SRV 0 1 465 smtp.example.org.")
		w.Mail(w.Host("imap.example.org"), "imap", policy.IMAP, policy.ImplicitTLS, "imap.example.org")
		w.Mail(w.Host("smtp.example.org"), "smtp", policy.Submission, policy.ImplicitTLS, "smtp.example.org")
		status, r := ask(t, w, "joe@example.org")
		if want := []string{"imaps://imap.example.org:993", "submissions://smtp.example.org:465"}; !slices.Equal(urls(r), want) {
			t.Errorf("%q", urls(r))
		}
		if status != report.StatusPromised || r.Domain.Reading[0].Proofs[0].Source != "srv" || r.Domain.Name != "example.org" {
			t.Errorf("status %d, %+v, %+v", status, r.Domain, r.Findings)
		}
	})
}

// Servers that only unsigned DNS names are looked at after a person has agreed.
func TestAskFirst(t *testing.T) {
	for _, agreed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := fakenet.NewWorld(t)
			w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 mail.hoster.example.", "_submissions._tcp.example.org SRV 0 1 465 mail.hoster.example.")
			ip := w.Host("mail.hoster.example")
			w.Mail(ip, "mail", policy.IMAP, policy.ImplicitTLS, "mail.hoster.example")
			w.Mail(ip, "mail", policy.Submission, policy.ImplicitTLS, "mail.hoster.example")
			args := []string{"joe@example.org"}
			if agreed {
				args = []string{"-yes", "joe@example.org"}
			}
			status, r := ask(t, w, args...)
			heard := slices.ContainsFunc(w.Recorded(), func(line string) bool { return strings.HasPrefix(line, "mail:") })
			if heard != agreed || (len(r.Endpoints) == 2) != agreed {
				t.Errorf("agreed %v: %d looked at, %q", agreed, len(r.Endpoints), w.Recorded())
			}
			if status != report.StatusFindings || !slices.Contains(ids(r), "not-vouched") {
				t.Errorf("status %d, %q", status, ids(r))
			}
		})
	}
}

// Without a name server that answers nothing is known, which is status 2; so it is of a
// domain that does not exist.
func TestNoDomain(t *testing.T) {
	for id, fail := range map[string]bool{"offline": true, "no-domain": false} {
		synctest.Test(t, func(t *testing.T) {
			w := fakenet.NewWorld(t)
			if fail {
				w.Names.Fail("* *", "silent")
			}
			if status, r := ask(t, w, "joe@example.org"); status != report.StatusNoLook || !slices.Equal(ids(r), []string{id}) {
				t.Errorf("%s: status %d, %q", id, status, ids(r))
			}
		})
	}
}

// What is said of the hosts that take a domain's mail, by its MTA-STS policy.
func TestMTASTS(t *testing.T) {
	for want, policy := range map[string]string{
		"":                "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 604800\n",
		"mta-sts-testing": "version: STSv1\nmode: testing\nmx: mx.example.org\nmax_age: 604800\n",
		"mx-not-used":     "version: STSv1\nmode: enforce\nmx: mx.another.example\nmax_age: 604800\n",
		"mta-sts-broken":  "no policy",
		"mx-not-verified": "version: STSv1\nmode: none\nmax_age: 604800\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			w := fakenet.NewWorld(t)
			w.Names.Add("example.org MX 10 mx.example.org.", "mx.example.org A 192.0.2.99", `_mta-sts.example.org TXT "v=STSv1; id=1"`)
			w.Site("mta-sts.example.org", fakenet.Page("/.well-known/mta-sts.txt", policy))
			_, r := ask(t, w, "-expect", "mta-sts,dane", "joe@example.org")
			if enforced := !slices.Contains(ids(r), "expected-mta-sts"); enforced != strings.Contains(policy, "enforce") || !slices.Contains(ids(r), "expected-dane") {
				t.Errorf("%s: %q", policy, ids(r))
			}
			var found []string
			for _, id := range ids(r) {
				if strings.HasPrefix(id, "mx-") || strings.HasPrefix(id, "mta-sts-") {
					found = append(found, id)
				}
			}
			if strings.Join(found, " ") != want {
				t.Errorf("%q, want %q: %+v", found, want, r.Domain.MX)
			}
		})
	}
}

// An address that is not asked about to the end has no findings, since nothing is proved.
func TestInterrupted(t *testing.T) {
	for _, silent := range []string{"discovery", "MTA-STS"} {
		synctest.Test(t, func(t *testing.T) {
			w := fakenet.NewWorld(t)
			if silent == "discovery" {
				w.Listen(w.Host("autoconfig.example.org")+":443", nil)
			} else {
				w.Names.Add("example.org MX 10 mx.example.org.", "mx.example.org A 192.0.2.99")
				w.Names.Fail("_mta-sts.example.org TXT", "silent")
			}
			find := &discover.Options{
				Resolver:  &dns.Resolver{Servers: []netip.AddrPort{netip.MustParseAddrPort(fakenet.Resolver)}, Dial: w.DialContext},
				Transport: &http.Transport{DialContext: w.DialContext},
			}
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), find, []string{"-total", "1s", "joe@example.org"}, new(bytes.Buffer), &stdout, &stderr)
			if status != report.StatusNoLook || stdout.Len() > 0 || !strings.Contains(stderr.String(), "deadline") {
				t.Errorf("%s: %d %s%s", silent, status, &stdout, &stderr)
			}
		})
	}
}

// A question about MX records that is not answered is no absence of hosts.
func TestMXUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := fakenet.NewWorld(t)
		w.Names.Fail("example.org MX", "SERVFAIL")
		w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 imap.example.org.")
		if _, r := ask(t, w, "-expect", "mta-sts", "joe@example.org"); !slices.Contains(ids(r), "mx-unknown") || slices.Contains(ids(r), "expected-mta-sts") {
			t.Errorf("%q, %+v", ids(r), r.Domain.MX)
		}
	})
}
