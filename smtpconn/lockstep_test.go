package smtpconn_test

import (
	"bytes"
	"crypto/tls"
	"net"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// loopback returns the address of a sink inside TLS, on a socket, and what a client
// needs to verify it.
func loopback(t testing.TB) (address string, cfg *tls.Config) {
	t.Helper()
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go sink(c)
		}
	}()
	return l.Addr().String(), ca.ClientConfig()
}

// dialLoopback begins a session inside TLS, over a socket.
func dialLoopback(t testing.TB, address string, cfg *tls.Config, o *smtpconn.Options) *smtpconn.Client {
	t.Helper()
	raw, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := (&dial.Dialer{TLSConfig: cfg}).NewConn(t.Context(), raw, dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.ImplicitTLS})
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtpconn.New(t.Context(), conn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Abort() })
	return c
}

func dialGoSMTP(t testing.TB, address string, cfg *tls.Config) *smtp.Client {
	cfg.ServerName = "mail.test"
	raw, err := tls.Dial("tcp", address, cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClient(raw)
	if err := c.Hello("localhost"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Without PIPELINING, one command after the other, beside go-smtp.
func BenchmarkLockStep(b *testing.B) {
	address, cfg := loopback(b)
	to := recipients(1)
	b.Run("mailconn", func(b *testing.B) {
		c := dialLoopback(b, address, cfg, &smtpconn.Options{NoPipelining: true})
		b.ReportAllocs()
		for b.Loop() {
			one(b, b.Context(), c, twoKB, to)
		}
	})
	b.Run("go-smtp", func(b *testing.B) {
		c := dialGoSMTP(b, address, cfg)
		b.ReportAllocs()
		for b.Loop() {
			if err := c.SendMail("a@mail.test", to, bytes.NewReader(twoKB)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
