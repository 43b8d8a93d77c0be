package mx_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// two makes a domain with two hosts, a before b.
func two(t *testing.T, a, b server) *world {
	w := newWorld(t)
	w.Names.Add("d.example MX 10 a.example", "d.example MX 20 b.example")
	w.mail("a.example", a)
	w.mail("b.example", b)
	return w.rule(mx.May)
}

func says(at, reply string, end dialtest.End) server {
	return server{rules: []dialtest.Rule{{At: at, Reply: reply, End: end}}}
}

// Rows 1, 13 to 18: which failures the next host may mend.
func TestSendNextHost(t *testing.T) {
	hangUp := func(at string) server {
		return server{rules: []dialtest.Rule{{At: at, Skip: true, End: dialtest.EndClose}}}
	}
	for name, c := range map[string]struct {
		first, second server
		want          string
		a, b          int // messages
		sessions      int // of the second
	}{
		"01 the first":                    {want: "accepted 1 refused 0", a: 1},
		"13 421 at the greeting":          {first: says("greeting", "421 4.3.2 later", dialtest.EndClose), want: "accepted 1 refused 0", b: 1, sessions: 1},
		"13 450 at the greeting":          {first: says("greeting", "450 later", dialtest.EndClose), want: "accepted 1 refused 0", b: 1, sessions: 1},
		"13 421 at EHLO":                  {first: says("EHLO", "421 later", dialtest.EndClose), want: "accepted 1 refused 0", b: 1, sessions: 1},
		"13 451 at MAIL":                  {first: says("MAIL", "451 4.3.0 later", 0), want: "accepted 1 refused 0", b: 1, sessions: 1},
		"13 451 at MAIL of both":          {first: says("MAIL", "451 4.3.0 later", 0), second: says("MAIL", "452 4.3.1 later", 0), want: "refused 4.3.1", sessions: 1},
		"14 554 at the greeting":          {first: says("greeting", "554 no", dialtest.EndClose), want: "accepted 1 refused 0", b: 1, sessions: 1},
		"14 554 at the greeting of both":  {first: says("greeting", "554 no", dialtest.EndClose), second: says("greeting", "554 no", dialtest.EndClose), want: "not sent 5.3.2", sessions: 1},
		"14 554 of one, 421 of the other": {first: says("greeting", "554 no", dialtest.EndClose), second: says("greeting", "421 no", dialtest.EndClose), want: "not sent 4.4.1", sessions: 1},
		"550 at MAIL":                     {first: says("MAIL", "550 5.7.1 not you", 0), want: "refused 5.7.1"},
		"550 at MAIL, without its code":   {first: says("MAIL", "550 not you", 0), want: "refused 5.0.0"},
		"15 550 at RCPT":                  {first: says("RCPT", "550 5.1.1 no such user", 0), want: "refused 5.1.1"},
		"16 451 at RCPT":                  {first: says("RCPT", "451 4.2.0 greylisted", 0), want: "refused 4.2.0"},
		"451 at the end":                  {first: says(".", "451 4.3.0 later", 0), want: "refused 4.3.0"},
		"554 at the end":                  {first: says(".", "554 5.6.0 spam", 0), want: "refused 5.6.0"},
		"17 it dies at RCPT":              {first: hangUp("RCPT"), want: "accepted 1 refused 0", b: 1, sessions: 1},
		"17 it dies at DATA":              {first: hangUp("DATA"), want: "accepted 1 refused 0", b: 1, sessions: 1},
		"18 it dies at the end":           {first: hangUp("."), want: "in doubt 4.4.2"},
	} {
		t.Run(name, func(t *testing.T) {
			w := two(t, c.first, c.second)
			w.sends(c.want, "u@d.example")
			if a, b := len(w.servers[0].Messages()), len(w.servers[1].Messages()); a != c.a || b != c.b {
				t.Errorf("%d and %d messages", a, b)
			}
			if n := len(w.servers[1].Sessions()); n != c.sessions {
				t.Errorf("%d sessions of the second", n)
			}
			if tried := w.tried(); len(tried) != 1+c.sessions {
				t.Errorf("told of %v", tried)
			}
		})
	}
}

// Rows 15, 16: with Partial the recipients that were answered for are not sent to again.
func TestSendPartial(t *testing.T) {
	for _, reply := range []string{"550 5.1.1 no", "451 4.2.0 later"} {
		w := two(t, says("RCPT TO:<v@d.example>", reply, 0), server{})
		got, err := w.sendAs(smtpconn.Envelope{From: "a@sender.example", To: []string{"u@d.example", "v@d.example"}, Partial: true})
		if got != "accepted 1 refused 1" || len(w.servers[1].Sessions()) != 0 {
			t.Errorf("%s: %s, %v", reply, got, err)
		}
	}
}

// Row 12: addresses that do not answer are followed by others, at most MaxHosts.
func TestSendAddresses(t *testing.T) {
	w := newWorld(t).rule(mx.May)
	w.Names.Add("d.example MX 10 a.example", "d.example MX 20 b.example")
	for _, ip := range []string{"192.0.2.201", "192.0.2.202", "192.0.2.203"} {
		w.Names.Add("a.example A " + ip) // which refuses
	}
	w.mail("b.example", server{})
	w.sends("accepted 1 refused 0", "u@d.example")
	if tried := w.tried(); len(tried) != 4 || tried[0].Err == nil || tried[3].Err != nil || tried[3].Host != "b.example" {
		t.Errorf("%v", tried)
	}
	w.cfg.MaxHosts = 1 // which means 2
	w.Names.Add("one.example MX 10 a.example")
	err := w.sends("not sent 4.4.1", "u@one.example")
	var refused *net.OpError
	if tried := w.tried(); len(tried) != 2 || !errors.As(err, &refused) {
		t.Errorf("%v, %v", tried, err)
	}
}

// Row 20: a domain that points inwards is not connected to.
func TestSendPermit(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "::1", "0.0.0.0", "169.254.1.1", "fe80::1", "::ffff:127.0.0.1", "224.0.0.1", "ff02::1"} {
		w := newWorld(t).rule(mx.May)
		kind := " A "
		if strings.Contains(ip, ":") {
			kind = " AAAA "
		}
		w.Names.Add("d.example MX 10 a.example", "a.example"+kind+ip)
		err := w.sends("not sent 4.4.1", "u@d.example")
		if !errors.Is(err, mx.ErrNotPermitted) || w.dialledMail() {
			t.Errorf("%s: %v", ip, err)
		}
	}
	own := errors.New("own net")
	w := two(t, server{}, server{})
	w.cfg.Permit = func(a netip.Addr) error {
		if a == netip.MustParseAddr("192.0.2.1") {
			return own
		}
		return nil
	}
	w.sends("accepted 1 refused 0", "u@d.example")
	if tried := w.tried(); len(tried) != 2 || !errors.Is(tried[0].Err, own) {
		t.Errorf("%v", tried)
	}
}

// Rows 21 to 23: what an address may be.
func TestSendDomains(t *testing.T) {
	w := newWorld(t).rule(mx.May)
	w.Names.Add("xn--bcher-kva.example MX 10 a.example")
	w.mail("a.example", server{})
	w.sends("accepted 1 refused 0", "jürgen@bücher.example")
	w.sends("accepted 2 refused 0", "u@bücher.example", "v@XN--bcher-kva.example")
	w.sends("accepted 1 refused 0", "u@[192.0.2.1]")
	got := w.servers[0].Messages()
	if len(got) != 3 || !slices.Contains(got[0].MailParams, "SMTPUTF8") || slices.Contains(got[2].MailParams, "SMTPUTF8") {
		t.Errorf("%+v", got)
	}
	before := len(w.Names.Asked())
	for _, to := range [][]string{{"u@a.example", "u@b.example"}, {"u"}, {"u@"}, {"u@a b"}, {"u@[192.0.2]"}, {}} {
		var failed *smtpconn.SendError
		if _, err := w.send(to...); !errors.As(err, &failed) || failed.Outcome != smtpconn.NotSent || failed.Temporary() || failed.Phase != smtpconn.PhaseConfig || !failed.MessageAtFault() {
			t.Errorf("%q: %v", to, err)
		}
	}
	if len(w.Names.Asked()) != before {
		t.Error("a wrong call has asked the DNS")
	}
}

// The levels that do not verify, rows 60 and 61: what TLS is, and what is never done.
func TestSendUnverified(t *testing.T) {
	stranger := newWorld(t).CA // no client trusts it
	strange := server{cert: stranger.Server("a.example")}
	refuses := server{cert: strange.cert, rules: []dialtest.Rule{{At: "STARTTLS", Reply: "454 4.7.0 not now"}}}
	breaks := server{cert: &tls.Config{Certificates: strange.cert.Certificates, MaxVersion: tls.VersionTLS11}}
	for name, c := range map[string]struct {
		server
		may, encrypt string
		tls          bool
	}{
		"no TLS":              {server{noTLS: true}, "accepted 1 refused 0", "not sent 4.4.1", false},
		"unknown certificate": {strange, "accepted 1 refused 0", "accepted 1 refused 0", true},
		"listed and refused":  {refuses, "not sent 4.4.1", "not sent 4.4.1", false},
		"handshake fails":     {breaks, "not sent 4.4.1", "not sent 4.4.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			for level, want := range map[mx.Level]string{mx.May: c.may, mx.Encrypt: c.encrypt} {
				w := newWorld(t).rule(level)
				srv := w.mail("d.example", c.server)
				w.sends(want, "u@d.example")
				tried := w.tried()
				if len(tried) != 1 || len(srv.Sessions()) != 1 {
					t.Fatalf("%v: %v", level, tried)
				}
				s := tried[0].Security
				if tried[0].Err == nil && (s.Encrypted() != c.tls || s.Verified != trust.None || s.Encrypted() == (s.Downgrade != nil)) {
					t.Errorf("%v: %v", level, s)
				}
			}
		})
	}
	w := newWorld(t).rule(mx.NoTLS)
	srv := w.mail("d.example", server{})
	w.sends("accepted 1 refused 0", "u@d.example")
	if s := w.tried()[0].Security; s.Encrypted() || s.Endpoint.Policy != policy.NoTLS || len(srv.Messages()) != 1 {
		t.Errorf("%v", s)
	}
}

// Rows 25 to 28, 41 and 47: records decide, and the certificate's own words do not.
func TestSendDANE(t *testing.T) {
	stranger := newWorld(t).CA
	own := stranger.Server("another.name")
	for name, c := range map[string]struct {
		server
		records func(w *world)
		want    string
	}{
		"25 its own":   {server{cert: own}, func(w *world) { w.pin("_25._tcp.a.signed.example", own) }, "accepted 1 refused 0"},
		"26 another's": {server{}, func(w *world) { w.pin("_25._tcp.a.signed.example", own) }, "not sent 4.4.1"},
		"27 a roll-over": {server{cert: own}, func(w *world) {
			w.Names.Add("_25._tcp.a.signed.example TLSA 3 1 1 " + hash)
			w.pin("_25._tcp.a.signed.example", own)
		}, "accepted 1 refused 0"},
		"41 no STARTTLS": {server{noTLS: true}, func(w *world) { w.pin("_25._tcp.a.signed.example", own) }, "not sent 4.4.1"},
		"30 none usable": {server{cert: own}, func(w *world) { w.Names.Add("_25._tcp.a.signed.example TLSA 1 1 1 " + hash) }, "accepted 1 refused 0"},
		"30 and no TLS":  {server{noTLS: true}, func(w *world) { w.Names.Add("_25._tcp.a.signed.example TLSA 1 1 1 " + hash) }, "not sent 4.4.1"},
		"32 TLSA fails":  {server{}, func(w *world) { w.Names.Fail("_25._tcp.a.signed.example TLSA", "SERVFAIL") }, "not sent 4.4.1"},
		"33 no record":   {server{noTLS: true}, func(w *world) {}, "accepted 1 refused 0"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Names.Add("d.signed.example MX 10 a.signed.example")
			c.records(w)
			srv := w.mail("a.signed.example", c.server)
			w.sends(c.want, "u@d.signed.example")
			taken := strings.HasPrefix(c.want, "accepted")
			if (len(srv.Messages()) == 1) != taken {
				t.Errorf("%d messages", len(srv.Messages()))
			}
			tried := w.tried()
			if s := tried[0].Security; taken && tried[0].Demand == mx.ByTLSA && (s.Verified != trust.DANE || tried[0].Matched == nil || !s.Confidential() || len(tried[0].TLSA) == 0) {
				t.Errorf("%+v", tried[0])
			}
			if !taken { // nothing of the message before the rule is kept
				for _, s := range srv.Sessions() {
					if leaks := s.Leaks("u@d.signed.example"); leaks != nil || strings.Contains(strings.ToUpper(string(s.Clear)), "MAIL FROM") {
						t.Errorf("in the clear: %q", s.Clear)
					}
				}
			}
		})
	}
}

// Rows 62 to 64: REQUIRETLS wants a name that is vouched for, and a server that lists it.
func TestSendRequireTLS(t *testing.T) {
	for name, c := range map[string]struct {
		domain string
		level  mx.Level
		server
		setup func(w *world)
		want  string
	}{
		"62 by DANE":              {domain: "d.signed.example", setup: func(w *world) {}, want: "accepted 1 refused 0"},
		"63 unsigned":             {domain: "d.example", setup: func(w *world) {}, want: "not sent 5.7.30"},
		"63 unsigned, encrypt":    {domain: "d.example", level: mx.Encrypt, setup: func(w *world) {}, want: "not sent 5.7.30"},
		"64 it does not list it":  {domain: "d.signed.example", server: server{lacks: []string{"REQUIRETLS"}}, setup: func(w *world) {}, want: "not sent 5.7.30"},
		"64 mode testing":         {domain: "d.example", setup: func(w *world) { w.sts("d.example", "1", policyText("testing", "a.example")) }, want: "not sent 5.7.30"},
		"by a policy":             {domain: "d.example", setup: func(w *world) { w.sts("d.example", "1", enforce("a.example")) }, want: "accepted 1 refused 0"},
		"by the operator's names": {domain: "d.example", level: mx.Secure, setup: func(w *world) {}, want: "accepted 1 refused 0"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.level != 0 {
				w.rule(c.level, "a.example")
			}
			cert := w.CA.Server("a.example")
			c.server.cert = cert
			w.Names.Add("d.example MX 10 a.example", "d.signed.example MX 10 a.signed.example")
			w.pin("_25._tcp.a.signed.example", cert)
			w.mail("a.example", c.server)
			w.mail("a.signed.example", c.server)
			c.setup(w)
			got, err := w.sendAs(smtpconn.Envelope{From: "a@sender.example", To: []string{"u@" + c.domain}, Mail: &smtp.MailOptions{RequireTLS: true}})
			if got != c.want {
				t.Fatalf("%s, want %s: %v", got, c.want, err)
			}
			if listed := c.lacks == nil; listed && w.dialledMail() != (err == nil) {
				t.Errorf("a host that nothing vouches for was dialled, or one that is fit was not: %v", w.Dialled())
			}
			if err == nil {
				taken := slices.Concat(w.servers[0].Messages(), w.servers[1].Messages())
				if len(taken) != 1 || !slices.Contains(taken[0].MailParams, "REQUIRETLS") {
					t.Errorf("%+v", taken)
				}
			}
		})
	}
}

// Row 65, and other contradictions.
func TestNewRefuses(t *testing.T) {
	for name, d := range map[string]*dial.Dialer{
		"Peers":              {Peers: new(memstore.Store)},
		"Pins":               {Pins: []dial.Pin{{}}},
		"InsecureSkipVerify": {TLSConfig: &tls.Config{InsecureSkipVerify: true}},
		"ServerName":         {TLSConfig: &tls.Config{ServerName: "x"}},
	} {
		if _, err := mx.New(mx.Config{Dialer: d}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw := func(string, string) (net.Conn, error) { return nil, errors.New("no") }
	for name, transport := range map[string]*http.Transport{
		"does not verify": {TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		"another name":    {TLSClientConfig: &tls.Config{ServerName: "x"}},
		"DialTLSContext":  {DialTLSContext: func(_ context.Context, n, a string) (net.Conn, error) { return raw(n, a) }},
		"DialTLS":         {DialTLS: raw},
		"Dial":            {Dial: raw},
	} {
		if _, err := mx.New(mx.Config{Transport: transport}); err == nil || !strings.Contains(err.Error(), "Transport") {
			t.Errorf("Transport: %s: %v", name, err)
		}
	}
	if _, err := mx.New(mx.Config{Policies: mx.PolicyDir("")}); err == nil {
		t.Error("policies are kept wherever the program runs")
	}
	if _, err := mx.New(mx.Config{Self: []string{"a b"}}); err == nil {
		t.Error("Self that is no name")
	}
}

// BeforeEnd has the last word, for all hosts.
func TestSendBeforeEnd(t *testing.T) {
	w := two(t, server{}, server{})
	veto := errors.New("no room for the mark")
	got, err := w.sendAs(smtpconn.Envelope{From: "a@sender.example", To: []string{"u@d.example"}, BeforeEnd: func(context.Context) error { return veto }})
	if !strings.HasPrefix(got, "not sent") || !errors.Is(err, veto) || len(w.servers[1].Sessions()) != 0 {
		t.Errorf("%s, %v", got, err)
	}
	w.mails(0)
}

// A message begins anew for the next host, where it began for the first.
func TestSendReadsAgain(t *testing.T) {
	w := two(t, server{rules: []dialtest.Rule{{At: "DATA", Skip: true, End: dialtest.EndClose}}}, server{})
	content := strings.NewReader("skipped" + text)
	content.Seek(int64(len("skipped")), 0)
	receipt, err := w.sender().Send(t.Context(), smtpconn.Envelope{To: []string{"u@d.example"}}, content)
	if got := w.outcome(receipt, err); got != "accepted 1 refused 0" {
		t.Fatalf("%s, %v", got, err)
	}
	if got := string(w.servers[1].Messages()[0].Data); got != text {
		t.Errorf("%q", got)
	}
}

// A server without an extension that the message needs is followed by one that has it.
func TestSendExtension(t *testing.T) {
	w := two(t, server{lacks: []string{"SMTPUTF8"}}, server{})
	w.sends("accepted 1 refused 0", "jürgen@d.example")
	if len(w.servers[1].Messages()) != 1 {
		t.Error("not by the second")
	}
	w = two(t, server{lacks: []string{"SMTPUTF8"}}, server{lacks: []string{"SMTPUTF8"}})
	w.sends("not sent 5.6.7", "jürgen@d.example")
}

// Row 69: when the context ends behind the message's end, the message is in doubt, and no
// other host gets it.
func TestSendContextAtTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := two(t, server{rules: []dialtest.Rule{{At: ".", Do: func(string) { cancel() }, Skip: true}}}, server{})
	receipt, err := w.sender().Send(ctx, smtpconn.Envelope{To: []string{"u@d.example"}}, strings.NewReader(text))
	if got := w.outcome(receipt, err); !strings.HasPrefix(got, "in doubt") || !errors.Is(err, context.Canceled) || len(w.servers[1].Sessions()) != 0 {
		t.Errorf("%s, %v", got, err)
	}
}
