package auth_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// serve is a POP3 server that takes one connection as far as a session.
func serve(s net.Conn, p policy.Policy, cfg *tls.Config) {
	defer s.Close()
	if p == policy.ImplicitTLS {
		s = tls.Server(s, cfg)
	}
	io.WriteString(s, "+OK\r\n")
	for in := bufio.NewScanner(s); in.Scan(); {
		switch in.Text() {
		case "CAPA":
			io.WriteString(s, "+OK\r\nUSER\r\n.\r\n")
		case "STLS":
			io.WriteString(s, "+OK\r\n")
			s = tls.Server(s, cfg)
			s.(*tls.Conn).Handshake()
			in = bufio.NewScanner(s)
		}
	}
}

func TestGate(t *testing.T) {
	player := scripttest.New(t)
	good, err := player.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	blind := &tls.Config{InsecureSkipVerify: true}
	ownCheck := &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error { return nil }}
	for _, c := range []struct {
		name   string
		p      policy.Policy
		client *tls.Config
		want   error
	}{
		{"implicit", policy.ImplicitTLS, player.CA.ClientConfig(), nil},
		{"required", policy.RequiredSTARTTLS, player.CA.ClientConfig(), nil},
		{"no TLS", policy.NoTLS, nil, policy.ErrCleartextAuth},
		{"opportunistic, in the clear", policy.OpportunisticSTARTTLS, player.CA.ClientConfig(), policy.ErrCleartextAuth},
		{"not verified", policy.ImplicitTLS, blind, policy.ErrUnverifiedAuth},
		{"not verified after STARTTLS", policy.RequiredSTARTTLS, blind, policy.ErrUnverifiedAuth},
		{"verified by the caller only", policy.ImplicitTLS, ownCheck, policy.ErrUnverifiedAuth},
	} {
		client, server := net.Pipe()
		go serve(server, c.p, good)
		d := dial.Dialer{TLSConfig: c.client}
		conn, err := d.NewConn(t.Context(), client, dial.Endpoint{Protocol: policy.POP3, Host: "mail.test", Policy: c.p})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		conn.Setup(t.Context(), func(_ context.Context, s *dial.Setup) error {
			for _, creds := range everyCredential(policy.ErrUnset) {
				wantGate(t, c.name, s, creds, c.want)
			}
			for _, creds := range everyCredential(policy.ErrCleartextAuth) {
				want := c.want
				if _, isToken := creds.(auth.Token); want == policy.ErrCleartextAuth && !isToken {
					want = nil
				}
				wantGate(t, c.name+", in the clear", s, creds, want)
			}
			for _, creds := range everyCredential(policy.ErrUnverifiedAuth) {
				want := c.want
				if want == policy.ErrUnverifiedAuth {
					want = nil
				}
				wantGate(t, c.name+", unverified", s, creds, want)
			}
			return nil
		})
		conn.Abort()
	}
	for _, s := range []*dial.Setup{nil, {}} {
		for _, creds := range everyCredential(policy.ErrUnset) {
			wantGate(t, "no evidence", s, creds, policy.ErrCleartextAuth)
		}
	}
}

// everyCredential returns credentials of every type that can be told to ignore a
// danger, told to; and where danger is policy.ErrUnset, of every type, told nothing.
func everyCredential(danger error) []auth.Credentials {
	clear, anyone := danger == policy.ErrCleartextAuth, danger == policy.ErrUnverifiedAuth
	secret := auth.NewSecret(canary)
	start := func() (sasl.Client, error) { return sasl.NewPlainClient("", "u", canary), nil }
	list := []auth.Credentials{
		auth.Password{User: "u", Secret: secret, InsecureCleartext: clear, InsecureUnverified: anyone},
		auth.Password{User: "u", Secret: secret, InsecureCleartext: clear, InsecureUnverified: anyone, IfOffered: true},
		auth.SASL{Start: start, InsecureCleartext: clear, InsecureUnverified: anyone},
		auth.Token{User: "u", Secret: secret, InsecureUnverified: anyone},
	}
	if danger == policy.ErrUnset {
		list = append(list, auth.External{Identity: canary}, auth.Anonymous{Trace: canary})
	}
	return list
}

// wantGate logs in and looks at whether anything was sent.
func wantGate(t *testing.T, name string, s *dial.Setup, creds auth.Credentials, want error) {
	t.Helper()
	on := &transport{list: []string{"PLAIN", "XOAUTH2", "EXTERNAL", "ANONYMOUS"}, answers: []auth.Answer{yes}}
	_, err := auth.Authenticate(t.Context(), s, on, creds)
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s, %T: %v, want %v", name, creds, err, want)
	}
	if sent := strings.Contains(strings.Join(on.log, ""), canary); sent != (want == nil) {
		t.Errorf("%s, %T: sent %q", name, creds, on.log)
	}
	var v *policy.Violation
	if want != nil && s != nil && (!errors.As(err, &v) || v.Protocol != s.Security().Endpoint.Protocol || v.Policy != s.Security().Endpoint.Policy) {
		t.Errorf("%s: violation %+v", name, v)
	}
	// Where nothing is offered, too, the gate comes first. Behind it the hint speaks of TLS
	// if there is none.
	nothing := &transport{}
	if _, err = auth.Authenticate(t.Context(), s, nothing, creds); want != nil && !errors.Is(err, want) || len(nothing.log) > 0 {
		t.Errorf("%s, %T, nothing offered: %v, sent %q", name, creds, err, nothing.log)
	}
	var none *auth.Error
	if errors.As(err, &none) && strings.Contains(none.Hint(), "use a policy with TLS") == s.Encrypted() {
		t.Errorf("%s, %T, nothing offered: hint %q", name, creds, none.Hint())
	}
}
