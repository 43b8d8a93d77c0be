package pop3conn_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

var policies = []policy.Policy{policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS}

func serve(t *testing.T, cfg dialtest.Config) *dialtest.Server {
	t.Helper()
	cfg.Protocol, cfg.Password = policy.POP3, canary
	return testserver.Start(t, cfg)
}

// TestPolicies goes the whole way under every policy, and counts the turns to
// speak: with the TCP connect they are one more.
func TestPolicies(t *testing.T) {
	turns := map[policy.Policy]int{policy.NoTLS: 3, policy.ImplicitTLS: 4, policy.OpportunisticSTARTTLS: 6, policy.RequiredSTARTTLS: 5}
	for _, p := range policies {
		t.Run(p.String(), func(t *testing.T) {
			srv := serve(t, dialtest.Config{Implicit: p == policy.ImplicitTLS, LoginInClear: true, Mailbox: []string{"a\r\n.b\r\n"}})
			o := &pop3conn.Options{
				Dialer: &dial.Dialer{TLSConfig: srv.ClientConfig()},
				Auth:   auth.Password{User: "user", Secret: auth.NewSecret(canary), InsecureCleartext: p == policy.NoTLS},
			}
			c, err := pop3conn.Dial(context.Background(), srv.Endpoint(p), o)
			if err != nil {
				t.Fatal(err)
			}
			session := srv.Sessions()[0]
			if session.Turns != turns[p] {
				t.Errorf("%d turns", session.Turns)
			}
			if secure := p != policy.NoTLS; c.Security().Confidential() != secure || secure && session.Leaks(canary) != nil {
				t.Errorf("%v, leaks %q", c.Security(), session.Leaks(canary))
			}
			if got := c.Security().Login.Mechanism; got != "PLAIN" {
				t.Errorf("mechanism %q", got)
			}
			r, err := c.Retr(ctx, 1)
			check(t, "Retr", readAll(t, r, err), nil, "a\r\n.b\r\n")
			check(t, "Dele", 0, c.Dele(ctx, 1), 0)
			check(t, "Quit", 0, c.Quit(ctx), 0)
			if left := srv.Mailbox(); len(left) != 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// TestNilOptions: nil means a zero Dialer, and no login.
func TestNilOptions(t *testing.T) {
	srv := serve(t, dialtest.Config{})
	c, err := pop3conn.Dial(context.Background(), srv.Endpoint(policy.NoTLS), nil)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "STLS", slices.Contains(c.Capabilities(), "STLS"), nil, true)
	check(t, "Quit", 0, c.Quit(ctx), 0)
}

// TestCloseDeletesNothing: neither Close nor Abort is a QUIT.
func TestCloseDeletesNothing(t *testing.T) {
	for name, end := range map[string]func(*pop3conn.Client) error{"Close": (*pop3conn.Client).Close, "Abort": (*pop3conn.Client).Abort} {
		srv := serve(t, dialtest.Config{Implicit: true, Mailbox: []string{"a\r\n"}})
		o := &pop3conn.Options{Dialer: &dial.Dialer{TLSConfig: srv.ClientConfig()}, Auth: password()}
		c, err := pop3conn.Dial(context.Background(), srv.Endpoint(policy.ImplicitTLS), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Dele(ctx, 1), end(c)); err != nil {
			t.Error(name, err)
		}
		if err := c.Noop(ctx); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: then %v", name, err)
		}
		if err := c.Close(); err != nil {
			t.Errorf("%s: then Close: %v", name, err)
		}
		srv.Close()
		if len(srv.Mailbox()) != 1 || strings.Contains(string(srv.Sessions()[0].TLS), "QUIT") {
			t.Errorf("%s deleted a message", name)
		}
	}
}

// TestGate: credentials are not sent unless the server is the one that was
// dialled, over TLS.
func TestGate(t *testing.T) {
	for _, p := range policies {
		for _, unverified := range []bool{true, false} {
			srv := serve(t, dialtest.Config{Implicit: p == policy.ImplicitTLS, NoSTARTTLS: p == policy.OpportunisticSTARTTLS, LoginInClear: true})
			cfg := srv.ClientConfig()
			cfg.InsecureSkipVerify = unverified
			o := &pop3conn.Options{Dialer: &dial.Dialer{TLSConfig: cfg}, Auth: password()}
			inClear := p == policy.NoTLS || p == policy.OpportunisticSTARTTLS
			var want error
			switch {
			case inClear:
				want = policy.ErrCleartextAuth
			case unverified:
				want = policy.ErrUnverifiedAuth
			}
			for _, insecure := range []bool{false, true} {
				if insecure {
					o.Auth, want = auth.Password{User: "user", Secret: auth.NewSecret(canary), InsecureCleartext: inClear, InsecureUnverified: !inClear}, nil
				}
				c, err := pop3conn.Dial(context.Background(), srv.Endpoint(p), o)
				if !errors.Is(err, want) || want == nil && err != nil {
					t.Errorf("%v, unverified %v, insecure %v: %v", p, unverified, insecure, err)
				}
				if err == nil {
					c.Quit(ctx)
				}
			}
			srv.Close()
			s := srv.Sessions()[0]
			if s.Leaks(canary) != nil || unverified && len(dialtest.Session{Clear: s.TLS}.Leaks(canary)) > 0 {
				t.Errorf("%v, unverified %v: secret sent", p, unverified)
			}
			if inClear && srv.Sessions()[1].Leaks(canary) == nil {
				t.Errorf("%v: the canary is not recognised", p)
			}
		}
	}
}

func TestTLSErrors(t *testing.T) {
	for _, kind := range []dialtest.CertKind{dialtest.CertExpired, dialtest.CertWrongHost, dialtest.CertUnknownCA} {
		srv := serve(t, dialtest.Config{Cert: kind})
		o := &pop3conn.Options{Dialer: &dial.Dialer{TLSConfig: srv.ClientConfig()}, Auth: password()}
		_, err := pop3conn.Dial(context.Background(), srv.Endpoint(policy.RequiredSTARTTLS), o)
		var where *dial.Error
		var cert *tls.CertificateVerificationError
		if !errors.As(err, &where) || where.Phase != dial.PhaseHandshake || !errors.As(err, &cert) {
			t.Errorf("%v: %v", kind, err)
		}
	}
	o := &pop3conn.Options{Dialer: &dial.Dialer{NetDialer: noDialer{t}, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS10}}}
	_, err := pop3conn.Dial(context.Background(), dial.Endpoint{Protocol: policy.POP3, Host: "localhost", Policy: policy.ImplicitTLS}, o)
	var where *dial.Error
	if !errors.As(err, &where) || where.Phase != dial.PhaseConfig {
		t.Errorf("TLS 1.0: %v", err)
	}
}

// TestWrongPassword is the same answer in words of a real dialogue.
func TestWrongPassword(t *testing.T) {
	srv := serve(t, dialtest.Config{Implicit: true})
	o := &pop3conn.Options{
		Dialer: &dial.Dialer{TLSConfig: srv.ClientConfig()},
		Auth:   auth.Password{User: "user", Secret: auth.NewSecret("wrong")},
	}
	_, err := pop3conn.Dial(context.Background(), srv.Endpoint(policy.ImplicitTLS), o)
	var e *auth.Error
	if !errors.As(err, &e) || e.Kind != auth.KindCredentials || e.Temporary() {
		t.Errorf("%v", err)
	}
}

// TestCAPA: a server without it is one without extensions; one in trouble, one
// that garbles the list or one that hangs up is none to log in to.
func TestCAPA(t *testing.T) {
	for name, tt := range map[string]struct {
		script []string
		reason error
	}{
		"refused":   {old(), nil},
		"temporary": {[]string{"S: +OK", "C: CAPA", "S: -ERR [SYS/TEMP] no"}, policy.ErrRefused},
		"permanent": {[]string{"S: +OK", "C: CAPA", "S: -ERR [sys/perm] no"}, policy.ErrRefused},
		"in use":    {[]string{"S: +OK", "C: CAPA", "S: -ERR [IN-USE] no"}, policy.ErrRefused},
		"garbage":   {[]string{"S: +OK", "C: CAPA", "S: what"}, policy.ErrMalformed},
		"endless":   {with([]string{"S: +OK", "C: CAPA", "S: +OK"}, "R: "+strings.Repeat("X\r\n", 300)), policy.ErrLimit},
		"injected":  {[]string{"S: +OK", "C: CAPA", "R: -ERR\r\n+OK\r\n"}, policy.ErrInjected},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := begin(play(t, tt.script...), nil)
			var v *policy.Violation
			var where *dial.Error
			switch {
			case tt.reason == nil:
				if err != nil {
					t.Fatal(err)
				}
				check(t, "Capabilities", len(c.Capabilities()), nil, 0)
			case !errors.Is(err, tt.reason) || !errors.As(err, &v) || v.Protocol != policy.POP3:
				t.Errorf("%v", err)
			case !errors.As(err, &where) || where.Phase != dial.PhaseCapability:
				t.Errorf("phase: %v", err)
			case where.Temporary() != (name == "temporary" || name == "in use"):
				t.Errorf("Temporary() is %v", where.Temporary())
			}
		})
	}
}
