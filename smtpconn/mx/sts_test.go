package mx_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

const byName = " tls by name [a.example]"

// Rows 48 to 51: what a policy in mode enforce keeps from being used.
func TestSTSEnforce(t *testing.T) {
	stranger := newWorld(t).CA
	for name, c := range map[string]struct {
		hosts []string
		cert  func(w *world) *tls.Config
		noTLS bool
		want  string
	}{
		"48 named, good certificate": {hosts: []string{"a.example"}, want: "accepted 1 refused 0"},
		"49 not named":               {hosts: []string{"b.example"}, want: "not sent 4.4.1"},
		"50 another name":            {hosts: []string{"a.example"}, cert: func(w *world) *tls.Config { return w.CA.Server("b.example") }, want: "not sent 4.4.1"},
		"50 expired":                 {hosts: []string{"a.example"}, cert: func(w *world) *tls.Config { return w.CA.Expired("a.example") }, want: "not sent 4.4.1"},
		"50 common name only":        {hosts: []string{"a.example"}, cert: func(w *world) *tls.Config { return w.CA.CommonName("a.example") }, want: "not sent 4.4.1"},
		"50 TLS 1.1":                 {hosts: []string{"a.example"}, cert: func(w *world) *tls.Config { return oldTLS(w.CA.Server("a.example")) }, want: "not sent 4.4.1"},
		"50 unknown CA":              {hosts: []string{"a.example"}, cert: func(*world) *tls.Config { return stranger.Server("a.example") }, want: "not sent 4.4.1"},
		"50 no STARTTLS":             {hosts: []string{"a.example"}, noTLS: true, want: "not sent 4.4.1"},
		"51 a wildcard":              {hosts: []string{"*.example"}, want: "accepted 1 refused 0"},
		"51 a wildcard above":        {hosts: []string{"*.a.example"}, want: "not sent 4.4.1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Names.Add("d.example MX 10 a.example")
			w.sts("d.example", "20260101", enforce(c.hosts...))
			s := server{noTLS: c.noTLS}
			if c.cert != nil {
				s.cert = c.cert(w)
			}
			srv := w.mail("a.example", s)
			err := w.sends(c.want, "u@d.example")
			tried := w.tried()
			if taken := err == nil; taken && tried[0].Security.Verified != trust.PKIX || (len(srv.Messages()) == 1) != taken || len(tried) != 1 {
				t.Errorf("%v", tried)
			}
			if strings.HasPrefix(name, "49") && (!errors.Is(err, mx.ErrNotInPolicy) || len(srv.Sessions()) != 0) {
				t.Errorf("%v", err)
			}
		})
	}
}

func oldTLS(c *tls.Config) *tls.Config {
	c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	return c
}

// Row 51: patterns, by what Look shows.
func TestSTSPatterns(t *testing.T) {
	w := newWorld(t)
	w.sts("d.example", "1", enforce("*.example.net", "Exact.Example", "*", "*.*.x", "bad host"))
	for host, want := range map[string]bool{
		"a.example.net": true, "a.b.example.net": false, "example.net": false, "exact.example": true, "b.exact.example": false, "other.example": false,
	} {
		w.Names.Remove("d.example")
		w.Names.Add(`_mta-sts.d.example TXT "v=STSv1; id=1"`, "d.example MX 10 "+host, host+" A 192.0.2.101", "mta-sts.d.example A 192.0.2.1")
		line := host + " unused"
		if want {
			line = host + " tls by name [" + host + "]"
		}
		w.looks("d.example", line)
	}
}

// Row 52: mode testing delivers, and tells what enforce would have refused.
func TestSTSTesting(t *testing.T) {
	w := newWorld(t)
	w.Names.Add("d.example MX 10 a.example", "e.example MX 10 b.example")
	w.sts("d.example", "1", policyText("testing", "a.example"))
	w.mail("a.example", server{cert: newWorld(t).CA.Server("a.example")})
	w.sends("accepted 1 refused 0", "u@d.example")
	if s := w.tried()[0]; s.Untrue == nil || s.Security.Verified != trust.None {
		t.Errorf("%v", s)
	}
	w.sts("e.example", "1", policyText("testing", "other.example"))
	w.mail("b.example", server{noTLS: true})
	w.sends("accepted 1 refused 0", "u@e.example")
	if s := w.tried()[0]; s.Untrue == nil || s.Security.Encrypted() {
		t.Errorf("%v", s)
	}
}

// Row 53: what announces no policy.
func TestSTSRecords(t *testing.T) {
	for text, want := range map[string]bool{
		`v=STSv1; id=1`: true, `v=STSv1; id=1;`: true, `v=STSv1 ; id=1; x=y`: true, `v=STSv1;id=a1" "b2;`: true,
		`v=STSv1;`: false, `v=STSv1; id=`: false, `v=STSv1; id=a-b`: false, `v=STSv2; id=1`: false, `v=STSv11; id=1`: false, `id=1; v=STSv1`: false,
		` v=STSv1; id=1`: false, `v=STSv1; id=` + strings.Repeat("a", 33): false,
	} {
		w := newWorld(t)
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", `_mta-sts.d.example TXT "`+text+`"`, `_mta-sts.d.example TXT "something else"`)
		doc := enforce("a.example")
		w.Site("mta-sts.d.example", document(&doc))
		line := "a.example" + may
		if want {
			line = "a.example" + byName
		}
		w.looks("d.example", line)
	}
	w := newWorld(t)
	w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", `_mta-sts.d.example TXT "v=STSv1; id=1"`, `_mta-sts.d.example TXT "v=STSv1; id=2"`)
	w.looks("d.example", "a.example"+may)
	w = newWorld(t)
	w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", "_mta-sts.d.example CNAME t.example", `t.example TXT "v=STSv1; id=1"`)
	doc := enforce("a.example")
	w.Site("mta-sts.d.example", document(&doc))
	w.looks("d.example", "a.example"+byName)
	w.Names.Add("b.d.example MX 10 a.example") // a parent's policy is not its own
	w.looks("b.d.example", "a.example"+may)
}

// Row 54: what is no policy, and does not replace one.
func TestSTSFetch(t *testing.T) {
	good := enforce("a.example")
	page := func(status int, kind, body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", kind)
			rw.Header().Set("Location", "https://mta-sts.d.example/elsewhere")
			rw.WriteHeader(status)
			fmt.Fprint(rw, body)
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"redirect":   page(301, "text/plain", good),
		"not found":  page(404, "text/plain", good),
		"204":        page(204, "text/plain", ""),
		"html":       page(200, "text/html", good),
		"no type":    page(200, "", good),
		"large":      page(200, "text/plain", good+strings.Repeat("x: y\r\n", 12_000)),
		"no version": page(200, "text/plain", "mode: enforce\nmax_age: 1\nmx: a.example\n"),
		"no mode":    page(200, "text/plain", "version: STSv1\nmax_age: 1\nmx: a.example\n"),
		"no max_age": page(200, "text/plain", "version: STSv1\nmode: enforce\nmx: a.example\n"),
		"no mx":      page(200, "text/plain", "version: STSv1\nmode: enforce\nmax_age: 1\n"),
		"no colon":   page(200, "text/plain", good+"what\n"),
		"two modes":  page(200, "text/plain", "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\nmx: a.example\n"),
	} {
		w := newWorld(t)
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", `_mta-sts.d.example TXT "v=STSv1; id=1"`)
		answer := h
		w.Site("mta-sts.d.example", func(rw http.ResponseWriter, r *http.Request) { answer(rw, r) })
		if r := w.looks("d.example", "a.example"+may); r.PolicyErr == nil && name != "two modes" {
			t.Errorf("%s: no reason", name)
		}
		answer = document(&good)
		s := w.sender()
		first, err := s.Look(t.Context(), "d.example")
		answer = h
		w.Names.Remove("_mta-sts.d.example")
		w.Names.Add(`_mta-sts.d.example TXT "v=STSv1; id=2"`)
		if name == "two modes" {
			continue // which is a newer policy
		}
		second, err2 := s.Look(t.Context(), "d.example")
		if show(first, err) != "a.example"+byName || show(second, err2) != "a.example"+byName || second.PolicyErr == nil {
			t.Errorf("%s: %s, then %s", name, show(first, err), show(second, err2))
		}
	}
}

// Documents that are odd, and policies all the same.
func TestSTSOddDocuments(t *testing.T) {
	for name, c := range map[string]struct{ kind, text string }{
		"LF":                       {"text/plain", "version: STSv1\nmode: enforce\nmax_age: 86400\nmx: a.example\n"},
		"CRLF":                     {"text/plain", "version: STSv1\r\nmode: enforce\r\nmax_age: 86400\r\nmx: a.example\r\n"},
		"both, and no last end":    {"text/plain", "version: STSv1\r\nmode: enforce\nmax_age: 86400\r\nmx: a.example"},
		"no blanks":                {"text/plain", "version:STSv1\nmode:enforce\nmax_age:86400\nmx:a.example\n"},
		"many blanks":              {"text/plain", "version: \t STSv1 \t\nmode:\tenforce \nmax_age:  86400\t\nmx:  a.example  \n"},
		"empty lines":              {"text/plain", "version: STSv1\n\nmode: enforce\r\n\r\nmax_age: 86400\nmx: a.example\n\n\n"},
		"lines of blanks":          {"text/plain", "version: STSv1\n \nmode: enforce\r\n\t\r\nmax_age: 86400\nmx: a.example\n  "},
		"another order":            {"text/plain", "mx: a.example\nmax_age: 86400\nmode: enforce\nversion: STSv1\n"},
		"keys of later versions":   {"text/plain", "version: STSv1\nx_y: z: z\nmode: enforce\nmax_age: 86400\nmx: a.example\nmx: *.b.example\n"},
		"patterns that are none":   {"text/plain", "version: STSv1\nmode: enforce\nmax_age: 86400\nmx:\nmx: *\nmx: a b\nmx: A.Example.\n"},
		"a very long time":         {"text/plain", "version: STSv1\nmode: enforce\nmax_age: 99999999999999999999999\nmx: a.example\n"},
		"a charset":                {"Text/Plain; charset=utf-8", enforce("a.example")},
		"a parameter that is none": {"text/plain; charset", enforce("a.example")},
	} {
		w := newWorld(t)
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", `_mta-sts.d.example TXT "v=STSv1; id=1"`)
		w.Site("mta-sts.d.example", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", c.kind)
			fmt.Fprint(rw, c.text)
		})
		if r := w.looks("d.example", "a.example"+byName); r.PolicyErr != nil || r.Policy.MaxAge > 31557600*time.Second {
			t.Errorf("%s: %v, %v", name, r.Policy, r.PolicyErr)
		}
	}
}

// Row 54: a policy host that is not what it says, or does not come to an end.
func TestSTSPolicyHost(t *testing.T) {
	good := enforce("a.example")
	endless := func(rw http.ResponseWriter, text string) {
		for err := error(nil); err == nil; {
			_, err = rw.Write([]byte(strings.Repeat(text, 1000)))
		}
	}
	stranger := newWorld(t).CA
	for name, c := range map[string]struct {
		cert  func(w *world) *tls.Config
		serve http.HandlerFunc
		at    string
		want  string
	}{
		"right":        {want: byName},
		"the domain's": {cert: func(w *world) *tls.Config { return w.CA.Server("d.example") }, want: may},
		"expired":      {cert: func(w *world) *tls.Config { return w.CA.Expired("mta-sts.d.example") }, want: may},
		"common name":  {cert: func(w *world) *tls.Config { return w.CA.CommonName("mta-sts.d.example") }, want: may},
		"unknown CA":   {cert: func(*world) *tls.Config { return stranger.Server("mta-sts.d.example") }, want: may},
		"TLS 1.1":      {cert: func(w *world) *tls.Config { return oldTLS(w.CA.Server("mta-sts.d.example")) }, want: may},
		"loopback":     {at: "127.0.0.1", want: may},
		"mapped":       {at: "::ffff:127.0.0.1", want: may},
		"link-local":   {at: "169.254.169.254", want: may},
		"endless": {serve: func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "text/plain")
			endless(rw, "mx: a.example\r\n")
		}, want: may},
		"a large header": {serve: func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("X", strings.Repeat("x", 100_000))
			document(&good)(rw, r)
		}, want: may},
		"small, packed large": {serve: func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "text/plain")
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			defer z.Close()
			fmt.Fprint(z, good)
			for range 10_000 {
				fmt.Fprint(z, strings.Repeat("x: y\r\n", 1000))
			}
		}, want: may},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", `_mta-sts.d.example TXT "v=STSv1; id=1"`)
			cert, serve := w.CA.Server("mta-sts.d.example"), document(&good)
			if c.cert != nil {
				cert = c.cert(w)
			}
			if c.serve != nil {
				serve = c.serve
			}
			w.SiteAs("mta-sts.d.example", cert, serve)
			if c.at != "" {
				w.Names.Remove("mta-sts.d.example")
				w.Names.Add("mta-sts.d.example " + map[bool]string{true: "AAAA ", false: "A "}[strings.Contains(c.at, ":")] + c.at)
				w.Listen(net.JoinHostPort(c.at, "443"), fakenet.Web(cert, serve))
			}
			if r := w.looks("d.example", "a.example"+c.want); (r.PolicyErr == nil) != (c.want == byName) {
				t.Error(r.PolicyErr)
			}
		})
	}
}

// Rows 55, 56: a policy in a store outlives the process, and blocked names, but not its
// max_age.
func TestSTSStore(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.cfg.Policies = mx.PolicyDir(dir)
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101")
		w.sts("d.example", "1", enforce("a.example"))
		w.looks("d.example", "a.example"+byName)
		w.Names.Fail("_mta-sts.d.example TXT", "silent")
		w.Names.Fail("mta-sts.d.example *", "silent")
		time.Sleep(6 * 24 * time.Hour)
		if r := w.looks("d.example", "a.example"+byName); r.Policy.ID != "1" || r.PolicyErr == nil {
			t.Errorf("%+v, %v", r.Policy, r.PolicyErr)
		}
		time.Sleep(25 * time.Hour)
		w.looks("d.example", "a.example"+may)
		w.cfg.Policies = mx.PolicyDir(filepath.Join(dir, "gone"))
		w.looks("d.example", "4.3.0") // it cannot be told whether there is a policy
		synctest.Wait()
	})
	if err := os.WriteFile(filepath.Join(dir, "@e.example"), []byte("version: STSv1"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.cfg.Policies = mx.PolicyDir(dir)
	w.Names.Add("e.example MX 10 a.example", "a.example A 192.0.2.101")
	w.looks("e.example", "4.3.0")
	w.sts("e.example", "1", enforce("a.example"))
	w.looks("e.example", "a.example"+byName) // and a fresh one mends it
	w.Names.Remove("_mta-sts.e.example")
	w.looks("e.example", "a.example"+byName)
}

// Row 56: a max_age of more than a year is cut.
func TestSTSMaxAge(t *testing.T) {
	for given, want := range map[string]time.Duration{"1": time.Second, "31557601": 31557600 * time.Second, "99999999999999999999": 31557600 * time.Second} {
		w := newWorld(t)
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101")
		w.sts("d.example", "1", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: "+given+"\n")
		if r := w.looks("d.example", "a.example"+byName); r.Policy == nil || r.Policy.MaxAge != want {
			t.Errorf("%s: %+v", given, r.Policy)
		}
	}
}

// Row 57: one fetch for many, a new id brings a new policy, and a fetch that failed is not
// tried again for five minutes. A day later the policy is fetched again, ahead of its end.
func TestSTSFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var mu sync.Mutex
		fetches, doc, status := 0, enforce("a.example"), 200
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", `_mta-sts.d.example TXT "v=STSv1; id=1"`)
		w.Site("mta-sts.d.example", func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			fetches++
			rw.Header().Set("Content-Type", "text/plain")
			rw.WriteHeader(status)
			fmt.Fprint(rw, doc)
		})
		s := w.sender()
		many := 100
		look := func(want string, fetched int) {
			t.Helper()
			var all sync.WaitGroup
			for range many {
				all.Go(func() {
					if r, err := s.Look(t.Context(), "d.example"); show(r, err) != want {
						t.Errorf("%s, want %s", show(r, err), want)
					}
				})
			}
			all.Wait()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if fetches != fetched {
				t.Errorf("%d fetches, want %d", fetches, fetched)
			}
		}
		id := func(to string) {
			w.Names.Remove("_mta-sts.d.example")
			w.Names.Add(`_mta-sts.d.example TXT "v=STSv1; id=` + to + `"`)
		}
		look("a.example"+byName, 1)
		id("2")
		doc = enforce("b.example")
		look("a.example unused", 2)
		id("3")
		doc, status = enforce("a.example"), 500
		look("a.example unused", 3)
		look("a.example unused", 3)
		time.Sleep(5 * time.Minute)
		status = 200
		look("a.example"+byName, 4)
		time.Sleep(25 * time.Hour)
		many = 1
		look("a.example"+byName, 5) // in the background
		look("a.example"+byName, 5)
		doc = enforce("b.example") // with the same id, which is noticed within a day
		time.Sleep(25 * time.Hour)
		look("a.example"+byName, 6)
		doc = enforce("a.example")
		time.Sleep(5 * time.Minute)
		many = 100
		look("a.example"+byName, 7) // RFC 8461 §5.1: asked again before mail is kept
		doc = enforce("b.example")
		time.Sleep(25 * time.Hour)
		many = 1
		look("a.example"+byName, 8)
		doc = enforce("a.example")
		w.Names.Add("d.example MX 20 gone.example") // which cannot be used either
		time.Sleep(5 * time.Minute)
		look("a.example"+byName+"\ngone.example unused", 9)
		s.Close(context.Background())
	})
}

// Row 58: DANE comes first.
func TestSTSBesideDANE(t *testing.T) {
	w := newWorld(t)
	w.Names.Add("d.signed.example MX 10 a.signed.example")
	w.sts("d.signed.example", "1", enforce("a.signed.example"))
	w.mail("a.signed.example", server{})
	w.sends("accepted 1 refused 0", "u@d.signed.example")
	if s := w.tried()[0]; s.Security.Verified != trust.PKIX {
		t.Errorf("%v", s)
	}
	w.Names.Add("_25._tcp.a.signed.example TLSA 3 1 1 " + hash)
	w.sends("not sent 4.4.1", "u@d.signed.example")
	w.Names.Remove("_25._tcp.a.signed.example")
	w.Names.Add("_25._tcp.a.signed.example TLSA 1 1 1 " + hash) // unusable: the policy is the stronger
	w.sends("accepted 1 refused 0", "u@d.signed.example")
}

// Row 59: under secure the name of a host that unsigned DNS gives is worth nothing.
func TestSendSecure(t *testing.T) {
	for name, c := range map[string]struct {
		cert  string
		names []string
		want  string
	}{
		"the host's":         {cert: "a.example", want: "not sent 4.4.1"},
		"the domain's":       {cert: "d.example", want: "accepted 1 refused 0"},
		"one that was given": {cert: "a.example", names: []string{"x.example", "a.example"}, want: "accepted 1 refused 0"},
	} {
		w := newWorld(t).rule(mx.Secure, c.names...)
		w.Names.Add("d.example MX 10 a.example")
		w.mail("a.example", server{cert: w.CA.Server(c.cert)})
		got, err := w.send("u@d.example")
		if got != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		if s := w.tried()[0]; err == nil && s.Security.ServerName != c.cert {
			t.Errorf("%s: verified for %s", name, s.Security.ServerName)
		}
	}
}

// Rows 7, 12 and 69: a context ends every wait, and nothing is left of it. Row 7: silence
// is not an absence.
func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, setup := range map[string]func(w *world){
			"DNS": func(w *world) { w.Names.Fail("d.example MX", "silent") },
			"TXT": func(w *world) { w.Names.Fail("_mta-sts.d.example TXT", "silent") },
			"HTTPS": func(w *world) {
				w.Listen("192.0.2.90:443", nil)
				w.Names.Add(`_mta-sts.d.example TXT "v=STSv1; id=1"`, "mta-sts.d.example A 192.0.2.90")
			},
			"TCP": func(w *world) { w.Listen("192.0.2.91:25", nil) },
		} {
			w := newWorld(t)
			w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.91")
			setup(w)
			s := w.sender()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			began := time.Now()
			_, err := s.Send(ctx, smtpconn.Envelope{To: []string{"u@d.example"}}, strings.NewReader(text))
			if took := time.Since(began); took != 3*time.Second || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, smtpconn.NotSent) {
				t.Errorf("%s: after %v: %v", name, took, err)
			}
			cancel()
			synctest.Wait()
			if open := w.Open(); open != 0 {
				t.Errorf("%s: %d connections are left", name, open)
			}
		}
		w := newWorld(t)
		w.Names.Add("d.example A 192.0.2.91")
		w.Names.Fail("d.example MX", "silent")
		w.looks("d.example", "4.4.3")
	})
}
