package dialtest_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/smtp"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

func TestLeaks(t *testing.T) {
	for _, tt := range []struct {
		name, clear string
	}{
		{"as it is", "PASS canary-password\r\n"},
		{"aligned by 0", base64.StdEncoding.EncodeToString([]byte("canary-password"))},
		{"aligned by 1", base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x00canary-password, and more"))},
		{"aligned by 2", base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x00\x00canary-password..."))},
	} {
		s := dialtest.Session{Clear: []byte(tt.clear)}
		if got := s.Leaks("", "another-canary", canaryPassword); !slices.Equal(got, []string{canaryPassword}) {
			t.Errorf("%s: found %q", tt.name, got)
		}
	}
	s := dialtest.Session{TLS: []byte(canaryPassword), Clear: []byte("EHLO me")}
	if got := s.Leaks(canaryPassword); got != nil {
		t.Errorf("inside TLS: found %q", got)
	}
}

// net/smtp refuses PLAIN in the clear to any host but localhost.
func TestLeakOfARealClient(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.Submission, User: canaryUser, Password: canaryPassword, LoginInClear: true})
	c, err := smtp.Dial(srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Auth(smtp.PlainAuth("", canaryUser, canaryPassword, "127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	c.Quit()
	if got := last(t, srv).Leaks(canaryUser, canaryPassword); len(got) != 2 {
		t.Errorf("found %q", got)
	}
}

// Whatever is no TLS record is in the clear, wherever a careless client sends it.
func TestClearInPlaceOfTLS(t *testing.T) {
	const secret = "a LOGIN user canary-password\r\n"
	send := func(conn net.Conn) {
		io.WriteString(conn, secret)
		conn.Close()
	}
	start := func(t *testing.T, implicit bool) (*dialtest.Server, net.Conn) {
		srv := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, Implicit: implicit})
		conn, err := net.Dial("tcp", srv.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if !implicit {
			talk(t, conn, bufio.NewReader(conn), `
				S: * OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS LOGINDISABLED] ready
				C: a STARTTLS
				S: a OK begin TLS`)
		}
		return srv, conn
	}
	t.Run("TLS port", func(t *testing.T) {
		srv, conn := start(t, true)
		send(conn)
		if s := last(t, srv); string(s.Clear) != secret {
			t.Errorf("recorded %q", s.Clear)
		}
	})
	t.Run("behind the go-ahead", func(t *testing.T) {
		srv, conn := start(t, false)
		send(conn)
		if s := last(t, srv); string(s.Clear) != "a STARTTLS\r\n"+secret {
			t.Errorf("recorded %q", s.Clear)
		}
	})
	t.Run("behind a failed handshake", func(t *testing.T) {
		srv, conn := start(t, false)
		if err := tls.Client(conn, &tls.Config{ServerName: "localhost"}).Handshake(); err == nil {
			t.Fatal("handshake without roots succeeded")
		}
		send(conn)
		if s := last(t, srv); string(s.Clear) != "a STARTTLS\r\n"+secret {
			t.Errorf("recorded %q", s.Clear)
		}
	})
}

// Commands ahead of the handshake are recorded and never carried out.
func TestCommandsAheadOfTLS(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.SMTP})
	conn, err := net.Dial("tcp", srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	talk(t, conn, r, "S: 220 mail.test ESMTP ready")
	const ahead = "STARTTLS\r\nEHLO me\r\n"
	io.WriteString(conn, ahead)
	if rest, _ := io.ReadAll(r); len(rest) > 0 {
		t.Errorf("server says %q", rest)
	}
	conn.Close()
	if s := last(t, srv); string(s.Clear) != ahead {
		t.Errorf("recorded %q", s.Clear)
	}
}

func TestTurns(t *testing.T) {
	const auth = "AHVzZXIAc2VjcmV0"
	const requireTLS = "S: 250-REQUIRETLS\n"
	dialogues := map[policy.Protocol]string{
		policy.Submission: "C: EHLO me\n<ehlo>\nS: 250-ENHANCEDSTATUSCODES\n" + requireTLS + "S: 250 AUTH PLAIN\n" +
			"C: AUTH PLAIN " + auth + "\nS: 235 2.7.0 welcome",
		policy.IMAP: "C: a AUTHENTICATE PLAIN " + auth + "\nS: a OK [CAPABILITY <imap>] welcome",
		policy.POP3: "C: AUTH PLAIN " + auth + "\nS: +OK welcome",
	}
	tests := []struct {
		proto    policy.Protocol
		policy   policy.Policy
		version  uint16
		want     int
		wantSent string
	}{
		// Handshake, greeting, STARTTLS with SMTP's EHLO before it, dialogue.
		// In TLS 1.2 an implicit greeting comes with the server's Finished.
		{policy.Submission, policy.ImplicitTLS, tls.VersionTLS13, 1 + 1 + 2, "EHLO me\r\nAUTH PLAIN " + auth + "\r\n"},
		{policy.Submission, policy.ImplicitTLS, tls.VersionTLS12, 2 + 2, "EHLO me\r\nAUTH PLAIN " + auth + "\r\n"},
		{policy.Submission, policy.RequiredSTARTTLS, tls.VersionTLS13, 1 + 1 + 2 + 2, "EHLO me\r\nAUTH PLAIN " + auth + "\r\n"},
		{policy.Submission, policy.RequiredSTARTTLS, tls.VersionTLS12, 2 + 1 + 2 + 2, "EHLO me\r\nAUTH PLAIN " + auth + "\r\n"},
		{policy.IMAP, policy.RequiredSTARTTLS, tls.VersionTLS13, 1 + 1 + 1 + 1, "a AUTHENTICATE PLAIN " + auth + "\r\n"},
		{policy.POP3, policy.RequiredSTARTTLS, tls.VersionTLS13, 1 + 1 + 1 + 1, "AUTH PLAIN " + auth + "\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.proto.String()+" "+tt.policy.String()+" "+tls.VersionName(tt.version), func(t *testing.T) {
			srv := testserver.Start(t, dialtest.Config{
				Protocol: tt.proto, Implicit: tt.policy == policy.ImplicitTLS, TLS: &tls.Config{MaxVersion: tt.version},
			})
			conn, err := dialTo(t, srv, srv.Endpoint(tt.policy))
			if err != nil {
				t.Fatal(err)
			}
			talk(t, conn, bufio.NewReader(conn), dialogues[tt.proto])
			conn.Close()
			s := last(t, srv)
			if s.Turns != tt.want {
				t.Errorf("%d turns, want %d", s.Turns, tt.want)
			}
			if string(s.TLS) != tt.wantSent {
				t.Errorf("recorded %q inside TLS", s.TLS)
			}
		})
	}
}

// Sessions may be asked for while they run.
func TestSessionsAreCopies(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.POP3})
	conn, err := net.Dial("tcp", srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	talk(t, conn, r, "S: +OK ready\nC: STAT\nS: -ERR unknown command")
	before := srv.Sessions()[0]
	before.Clear[0] = 'X'
	talk(t, conn, r, "C: STAT\nS: -ERR unknown command")
	after := srv.Sessions()[0]
	if string(after.Clear) != "STAT\r\nSTAT\r\n" || before.Turns != 2 || after.Turns != 3 {
		t.Errorf("recorded %q in %d turns, then %q in %d", before.Clear, before.Turns, after.Clear, after.Turns)
	}
}
