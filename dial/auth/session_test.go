package auth_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

var testCA = sync.OnceValues(dialtest.NewCA)

func authority(t testing.TB) *dialtest.CA {
	t.Helper()
	ca, err := testCA()
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// serverTLS is a config with a certificate of its own; every call makes one.
func serverTLS(t testing.TB, max uint16) *tls.Config {
	t.Helper()
	cert, err := authority(t).Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: max}
}

// login authenticates to s over TLS in memory.
func login(t testing.TB, s *server, creds auth.Credentials) (dial.Login, error) {
	t.Helper()
	return loginBy(t, s, &dial.Dialer{}, creds)
}

func loginBy(t testing.TB, s *server, d *dial.Dialer, creds auth.Credentials) (dial.Login, error) {
	t.Helper()
	client, peer := net.Pipe()
	go s.serve(tls.Server(peer, serverTLS(t, 0)))
	return loginOver(t, client, s.p, d, creds)
}

// loginShown returns what Security says as well.
func loginShown(t testing.TB, s *server, d *dial.Dialer, creds auth.Credentials) (dial.Login, dial.Security, error) {
	t.Helper()
	client, peer := net.Pipe()
	go s.serve(tls.Server(peer, serverTLS(t, 0)))
	conn := connect(t, client, s.p, d)
	defer conn.Abort()
	login, err := enter(t.Context(), conn, s.p, creds)
	return login, conn.Security(), err
}

func loginWith(ctx context.Context, t testing.TB, s *server, creds auth.Credentials) (dial.Login, error) {
	t.Helper()
	client, peer := net.Pipe()
	go s.serve(tls.Server(peer, serverTLS(t, 0)))
	conn := connect(t, client, s.p, &dial.Dialer{})
	defer conn.Abort()
	return enter(ctx, conn, s.p, creds)
}

func loginOver(t testing.TB, client net.Conn, p policy.Protocol, d *dial.Dialer, creds auth.Credentials) (dial.Login, error) {
	t.Helper()
	conn := connect(t, client, p, d)
	defer conn.Abort()
	return enter(t.Context(), conn, p, creds)
}

func connect(t testing.TB, client net.Conn, p policy.Protocol, d *dial.Dialer) *dial.Conn {
	t.Helper()
	d.TLSConfig = authority(t).ClientConfig()
	conn, err := d.NewConn(context.Background(), client, dial.Endpoint{Protocol: p, Host: "mail.test", Policy: policy.ImplicitTLS})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// enter begins a session and returns how it was authenticated.
func enter(ctx context.Context, conn *dial.Conn, p policy.Protocol, creds auth.Credentials) (dial.Login, error) {
	var err error
	switch p {
	case policy.IMAP:
		_, err = imapconn.New(ctx, conn, &imapconn.Options{Auth: creds})
	case policy.POP3:
		_, err = pop3conn.New(ctx, conn, &pop3conn.Options{Auth: creds})
	default:
		_, err = smtpconn.New(ctx, conn, &smtpconn.Options{Auth: creds})
	}
	return conn.Security().Login, err
}

// alertsOf logs in over IMAP and returns the alerts that are shown.
func alertsOf(t testing.TB, s *server, creds auth.Credentials) (alerts []string) {
	t.Helper()
	client, peer := net.Pipe()
	go s.serve(tls.Server(peer, serverTLS(t, 0)))
	conn := connect(t, client, s.p, &dial.Dialer{})
	defer conn.Abort()
	imapconn.New(t.Context(), conn, &imapconn.Options{Auth: creds, Notice: func(n imapconn.Notice) { alerts = append(alerts, n.Alert) }})
	return alerts
}

var protocols = []policy.Protocol{policy.IMAP, policy.Submission, policy.POP3}
