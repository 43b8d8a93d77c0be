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

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
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
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Certificate(dialtest.CertGood)
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
		{"implicit", policy.ImplicitTLS, ca.ClientConfig(), nil},
		{"required", policy.RequiredSTARTTLS, ca.ClientConfig(), nil},
		{"no TLS", policy.NoTLS, nil, policy.ErrCleartextAuth},
		{"opportunistic, in the clear", policy.OpportunisticSTARTTLS, ca.ClientConfig(), policy.ErrCleartextAuth},
		{"not verified", policy.ImplicitTLS, blind, policy.ErrUnverifiedAuth},
		{"not verified after STARTTLS", policy.RequiredSTARTTLS, blind, policy.ErrUnverifiedAuth},
		{"verified by the caller only", policy.ImplicitTLS, ownCheck, policy.ErrUnverifiedAuth},
	} {
		client, server := net.Pipe()
		go serve(server, c.p, &tls.Config{Certificates: []tls.Certificate{cert}})
		d := dial.Dialer{TLSConfig: c.client}
		conn, err := d.NewConn(t.Context(), client, dial.Endpoint{Protocol: policy.POP3, Host: "mail.test", Policy: c.p})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		conn.Setup(t.Context(), func(_ context.Context, s *dial.Setup) error {
			var v *policy.Violation
			if err := auth.Gate(s, false); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			} else if c.want != nil && (!errors.As(err, &v) || v.Policy != c.p || v.Protocol != policy.POP3) {
				t.Errorf("%s: violation %+v", c.name, v)
			}
			if err := auth.Gate(s, true); err != nil {
				t.Errorf("%s, insecure: %v", c.name, err)
			}
			on := &carrier{list: []string{"PLAIN"}, answers: []auth.Answer{yes}}
			_, err := auth.Authenticate(t.Context(), s, on, auth.Password{User: "u", Password: auth.NewSecret(canary)}, false)
			if sent := strings.Contains(strings.Join(on.log, ""), canary); !errors.Is(err, c.want) || sent != (c.want == nil) {
				t.Errorf("%s: %v, password sent %v", c.name, err, sent)
			}
			return nil
		})
		conn.Abort()
	}
	for _, s := range []*dial.Setup{nil, {}} {
		if err := auth.Gate(s, false); !errors.Is(err, policy.ErrCleartextAuth) {
			t.Errorf("no evidence: %v", err)
		}
	}
}
