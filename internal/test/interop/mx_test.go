package interop

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// mxServer is a Postfix that is the MX of d.signed.example.
type mxServer struct {
	*servers.Lab
	addr  string
	names *fakenet.Names
	at    netip.AddrPort
}

// TestMX delivers to Postfix with each certificate under each rule: what is accepted, and
// how the server was verified.
func TestMX(t *testing.T) {
	lab := servers.New(t)
	postfix := lab.Postfix(lab.Dovecot())
	valid := map[servers.Variant]bool{servers.Good: true, servers.TLS12: true}
	for _, v := range servers.Variants {
		if v == servers.ClientCert {
			continue // no mail server asks another for one
		}
		names := new(fakenet.Names)
		names.Sign("signed.example")
		names.Add("d.signed.example MX 10 mx.signed.example", "mx.signed.example A 192.0.2.1")
		at, stop := names.Loopback()
		m := &mxServer{lab, postfix.Addr(servers.Place{Protocol: policy.SMTP, Variant: v}), names, at}
		has := v != servers.NoTLS && v != servers.OldTLS
		m.deliver(t, v, mx.NoTLS, "clear")
		m.deliver(t, v, mx.May, pick(has, "none", pick(v == servers.NoTLS, "clear", "held")))
		s := m.deliver(t, v, mx.Encrypt, pick(has, "none", "held"))
		m.deliver(t, v, mx.Secure, pick(valid[v], "pkix", "held"))
		if has {
			sum := sha256.Sum256(s.Security.TLS.PeerCertificates[0].RawSubjectPublicKeyInfo)
			names.Add(fmt.Sprintf("_25._tcp.mx.signed.example TLSA 3 1 1 %x", sum))
			m.deliver(t, v, mx.DANEOnly, "dane")
			names.Remove("_25._tcp.mx.signed.example")
		}
		names.Add("_25._tcp.mx.signed.example TLSA 3 1 1 " + strings.Repeat("00", 32))
		m.deliver(t, v, mx.DANE, "held")
		stop()
	}
}

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// deliver sends a message under a level, and returns the evidence. want is how the server
// is verified, or "clear", or "held".
func (m *mxServer) deliver(t *testing.T, v servers.Variant, level mx.Level, want string) (last mx.Session) {
	t.Helper()
	s := must(mx.New(mx.Config{
		Rules:    map[string]mx.Rule{"": {Level: level, Names: []string{"mail.test"}}},
		Resolver: &dns.Resolver{Servers: []netip.AddrPort{m.at}},
		Dialer:   dialer(m.Lab, m.addr, false),
		Session:  func(s mx.Session) { last = s },
	}))(t)
	defer s.Close(context.Background())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := s.Send(ctx, smtpconn.Envelope{From: "a@example.test", To: []string{"u@d.signed.example"}}, strings.NewReader(numberedLetter(1)))
	got := last.Security.Verified.String()
	var failed *smtpconn.SendError
	switch {
	case errors.As(err, &failed) && failed.Outcome == smtpconn.NotSent && failed.Temporary():
		got = "held"
	case err != nil:
		got = err.Error()
	case !last.Security.Encrypted():
		got = "clear"
	}
	if got != want {
		t.Errorf("%s, %v: %s, want %s: %v", v, level, got, want, err)
	}
	if err == nil && (last.Security.Verified == trust.DANE) != (last.Matched != nil) {
		t.Errorf("%s, %v: %+v", v, level, last)
	}
	return last
}
