// Package cost_test counts what the library costs: round trips from dial to
// authenticated, allocations and goroutines beside the libraries it wraps.
// Everything is counted and nothing is timed.
package cost_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// clear is what an honest server does that takes logins in the clear.
var clear = map[policy.Protocol]string{
	policy.IMAP: `
S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
C: AUTHENTICATE PLAIN *
S: <tag> OK [CAPABILITY IMAP4rev1 IDLE] welcome
C: NOOP
S: <tag> OK done`,
	policy.Submission: `
S: 220 ready
C: EHLO *
S: 250-mail.test
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 235 welcome
C: NOOP
S: 250 done`,
	policy.POP3: `
S: +OK ready
C: CAPA
S: +OK
S: SASL PLAIN
S: .
C: AUTH PLAIN *
S: +OK welcome
C: NOOP
S: +OK done`,
}

// server returns the server's side of a protocol.
func server(t testing.TB, p policy.Protocol, pol policy.Policy) (*script.Case, script.Stage) {
	t.Helper()
	honest, err := script.Honest(p)
	if err != nil {
		t.Fatal(err)
	}
	c := honest
	if pol == policy.NoTLS {
		text := fmt.Sprintf("# Logins in the clear.\nprotocol: %v\n%s\n", p, clear[p])
		cases, err := script.Parse("clear", text)
		if err != nil {
			t.Fatal(err)
		}
		c = cases[0]
	}
	ca := authority(t)
	cert, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}}
	return c, script.Stage{Honest: honest, Config: func(string) (*tls.Config, error) { return cfg, nil }}
}

var authority = func() func(testing.TB) *dialtest.CA {
	once := sync.OnceValues(dialtest.NewCA)
	return func(t testing.TB) *dialtest.CA {
		ca, err := once()
		if err != nil {
			t.Fatal(err)
		}
		return ca
	}
}()

// session is what the three clients have in common.
type session interface {
	Close() error
	Abort() error
	Security() dial.Security
}

// connect goes over raw to an authenticated session.
func connect(ctx context.Context, t testing.TB, raw net.Conn, p policy.Protocol, pol policy.Policy) (session, error) {
	d := &dial.Dialer{TLSConfig: authority(t).ClientConfig()}
	conn, err := d.NewConn(ctx, raw, dial.Endpoint{Protocol: p, Host: "mail.test", Policy: pol})
	if err != nil {
		return nil, err
	}
	creds := auth.Password{User: "user", Secret: auth.NewSecret("secret"), InsecureCleartext: pol == policy.NoTLS}
	switch p {
	case policy.IMAP:
		return imapconn.New(ctx, conn, &imapconn.Options{Auth: creds})
	case policy.POP3:
		return pop3conn.New(ctx, conn, &pop3conn.Options{Auth: creds})
	}
	return smtpconn.New(ctx, conn, &smtpconn.Options{Auth: creds})
}

// serve plays a server at the other end of the returned connection; done is
// closed when it has ended.
func serve(t testing.TB, p policy.Protocol, pol policy.Policy) (client net.Conn, done chan struct{}) {
	c, stage := server(t, p, pol)
	client, peer := net.Pipe()
	done = make(chan struct{})
	go func() {
		defer close(done)
		c.Serve(peer, pol, stage)
	}()
	return client, done
}
