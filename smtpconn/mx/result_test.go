package mx_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// Every failure has the result type of RFC 8460 that its cause has, and what is none of a
// domain's protection has none.
func TestResultType(t *testing.T) {
	d := "d.signed.example"
	a := "a.signed.example"
	stranger := newWorld(t).CA
	refuses := []dialtest.Rule{{At: "STARTTLS", Reply: "454 4.7.0 not now"}}
	for name, c := range map[string]struct {
		level mx.Level
		server
		setup func(w *world)
		want  string
	}{
		"delivered":              {mx.May, server{}, nil, ""},
		"no STARTTLS":            {mx.Encrypt, server{noTLS: true}, nil, "starttls-not-supported"},
		"STARTTLS refused":       {mx.Encrypt, server{rules: refuses}, nil, "validation-failure"},
		"421":                    {mx.DANE, server{rules: []dialtest.Rule{{At: "greeting", Reply: "421 4.3.2 no"}}}, nil, ""},
		"no TCP":                 {mx.DANE, server{}, func(w *world) { w.Names.Remove(a); w.Names.Add(a + " A 192.0.2.250") }, ""},
		"not permitted":          {mx.DANE, server{}, func(w *world) { w.Names.Remove(a); w.Names.Add(a + " A 127.0.0.1") }, ""},
		"no address":             {mx.DANE, server{}, func(w *world) { w.Names.Remove(a) }, ""},
		"address bogus":          {mx.DANE, server{}, func(w *world) { w.Names.Fail(a+" *", "SERVFAIL") }, "dnssec-invalid"},
		"TLSA bogus":             {mx.DANE, server{}, func(w *world) { w.Names.Fail("_25._tcp."+a+" TLSA", "SERVFAIL") }, "dnssec-invalid"},
		"TLSA refused":           {mx.DANE, server{}, func(w *world) { w.Names.Fail("_25._tcp."+a+" TLSA", "REFUSED") }, "dnssec-invalid"},
		"TLSA mismatch":          {mx.DANE, server{}, func(w *world) { w.Names.Add("_25._tcp." + a + " TLSA 3 1 1 " + hash) }, "tlsa-invalid"},
		"DANE, no STARTTLS":      {mx.DANE, server{noTLS: true}, func(w *world) { w.Names.Add("_25._tcp." + a + " TLSA 3 1 1 " + hash) }, "starttls-not-supported"},
		"dane-only, no TLSA":     {mx.DANEOnly, server{}, nil, "dane-required"},
		"secure, another name":   {mx.Secure, server{cert: stranger.Server("x.example")}, nil, "certificate-host-mismatch"},
		"secure, unknown CA":     {mx.Secure, server{cert: stranger.Server(a)}, nil, "certificate-not-trusted"},
		"sts, not in policy":     {mx.DANE, server{}, func(w *world) { w.sts(d, "1", enforce("b.example")) }, "validation-failure"},
		"sts, another name":      {mx.DANE, server{cert: stranger.Server("x.example")}, func(w *world) { w.sts(d, "1", enforce(a)) }, "certificate-host-mismatch"},
		"testing, another name":  {mx.DANE, server{cert: stranger.Server("x.example")}, func(w *world) { w.sts(d, "1", policyText("testing", a)) }, "certificate-host-mismatch"},
		"testing, no STARTTLS":   {mx.DANE, server{noTLS: true}, func(w *world) { w.sts(d, "1", policyText("testing", a)) }, "starttls-not-supported"},
		"testing, not in policy": {mx.DANE, server{}, func(w *world) { w.sts(d, "1", policyText("testing", "b.example")) }, "validation-failure"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).rule(c.level)
			w.Names.Add(d + " MX 10 " + a)
			w.mail(a, c.server)
			if c.setup != nil {
				c.setup(w)
			}
			w.send("u@" + d)
			s := w.tried()[0]
			if s.Err == nil {
				s.Err = s.Untrue
			}
			if got := mx.ResultType(s.Err); got != c.want {
				t.Errorf("%q, want %q: %v", got, c.want, s.Err)
			}
		})
	}
}

// Failures of a policy itself.
func TestResultTypeOfPolicies(t *testing.T) {
	for name, c := range map[string]struct {
		cert  func(w *world) *tls.Config
		serve http.HandlerFunc
		setup func(w *world)
		want  string
	}{
		"not found": {serve: http.NotFound, want: "sts-policy-fetch-error"},
		"invalid":   {serve: func(rw http.ResponseWriter, _ *http.Request) { rw.Header().Set("Content-Type", "text/plain") }, want: "sts-policy-invalid"},
		"a long answer": {serve: func(rw http.ResponseWriter, _ *http.Request) {
			conn, _, err := rw.(http.Hijacker).Hijack()
			if err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 %s\r\n\r\n", strings.Repeat("x", 5000))
				conn.Close()
			}
		}, want: "sts-policy-fetch-error"},
		"another name":    {cert: func(w *world) *tls.Config { return w.CA.Server("x.example") }, want: "sts-webpki-invalid"},
		"record SERVFAIL": {setup: func(w *world) { w.Names.Fail("_mta-sts.d.example TXT", "SERVFAIL") }, want: "sts-policy-fetch-error"},
		"host SERVFAIL":   {setup: func(w *world) { w.Names.Fail("mta-sts.d.example *", "SERVFAIL") }, want: "sts-policy-fetch-error"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", `_mta-sts.d.example TXT "v=STSv1; id=1"`)
			cert := w.CA.Server("mta-sts.d.example")
			if c.cert != nil {
				cert = c.cert(w)
			}
			if c.serve == nil {
				c.serve = http.NotFound
			}
			w.SiteAs("mta-sts.d.example", cert, c.serve)
			if c.setup != nil {
				c.setup(w)
			}
			s := w.sender()
			for _, when := range []string{"at first", "again"} {
				r, err := s.Look(t.Context(), "d.example")
				if err != nil || mx.ResultType(r.PolicyErr) != c.want || len(r.PolicyErr.Error()) > 600 {
					t.Errorf("%s: %q, want %q: %v, %v", when, mx.ResultType(r.PolicyErr), c.want, r.PolicyErr, err)
				}
			}
		})
	}
	for _, err := range []error{nil, context.Canceled, &dial.Error{Phase: dial.PhaseHandshake, Err: context.Canceled}, &dial.Error{Phase: dial.PhaseSTARTTLS, Err: net.ErrClosed}} {
		if got := mx.ResultType(err); got != "" {
			t.Errorf("%v: %s", err, got)
		}
	}
}
