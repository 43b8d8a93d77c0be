package smtpconn_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// certified returns the two sides' settings for TLS with a good certificate.
func certified(t testing.TB) (client, server *tls.Config) {
	t.Helper()
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	return ca.ClientConfig(), &tls.Config{Certificates: []tls.Certificate{cert}}
}

// loopback returns the address of a sink inside TLS, on a socket, and what a client
// needs to verify it.
func loopback(t testing.TB) (address string, cfg *tls.Config) {
	t.Helper()
	client, server := certified(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	sockettest.Serve(t, l, sink)
	return l.Addr().String(), client
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

// Content of 10 MB by DATA inside TLS, beside go-smtp and beside bare writes to TLS.
func BenchmarkLargeContent(b *testing.B) {
	address, cfg := loopback(b)
	body := bytes.Repeat([]byte("0123456789012345678901234567890123456789012345678901234567890123456789012345\r\n"), 10<<20/78)
	to := recipients(1)
	b.Run("mailconn", func(b *testing.B) {
		c := dialLoopback(b, address, cfg, nil)
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			one(b, b.Context(), c, body, to)
		}
	})
	b.Run("go-smtp", func(b *testing.B) {
		c := dialGoSMTP(b, address, cfg)
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if err := c.SendMail("a@mail.test", to, bytes.NewReader(body)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare writes", func(b *testing.B) {
		cfg.ServerName = "mail.test"
		raw, err := tls.Dial("tcp", address, cfg)
		if err != nil {
			b.Fatal(err)
		}
		defer raw.Close()
		in := bufio.NewReader(raw)
		in.ReadString('\n')
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			raw.Write([]byte("MAIL\r\nRCPT\r\nDATA\r\n"))
			for range 3 {
				in.ReadString('\n')
			}
			raw.Write(body)
			raw.Write([]byte(".\r\n"))
			in.ReadString('\n')
		}
	})
}
