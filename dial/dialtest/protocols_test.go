package dialtest_test

import (
	"bufio"
	"io"
	"net/smtp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

func TestDialogues(t *testing.T) {
	both := []string{"PLAIN", "LOGIN", "X-UNHEARD-OF"}
	tests := []struct {
		name   string
		config dialtest.Config
		script string
	}{
		{"IMAP in the clear", dialtest.Config{Protocol: policy.IMAP}, `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS LOGINDISABLED] ready
			C: a LOGIN user secret
			S: a NO [PRIVACYREQUIRED] begin TLS first
			C: b AUTHENTICATE PLAIN
			S: b NO [PRIVACYREQUIRED] begin TLS first
			C: c IDLE
			S: c BAD unknown command, or log in first
			C: d SELECT INBOX
			S: d BAD unknown command, or log in first
			C:  NOOP
			S: * BAD no tag
			C: e logout
			S: * BYE bye
			S: e OK done`},
		{"IMAP LOGIN", dialtest.Config{Protocol: policy.IMAP, LoginInClear: true, NoSTARTTLS: true, Password: `sec"ret \`}, `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a STARTTLS
			S: a BAD not possible now
			C: b LOGIN user wrong
			S: b NO [AUTHENTICATIONFAILED] wrong user or password
			C: c LOGIN user
			S: c BAD exchange cancelled or malformed
			C: d LOGIN "user" "sec
			S: d BAD exchange cancelled or malformed
			C: e LOGIN {4}
			S: + go on
			C: user "sec\"ret \\"
			S: e OK [CAPABILITY <imap>] welcome
			C: f LOGIN user x
			S: f BAD already authenticated
			C: g CAPABILITY
			S: * CAPABILITY <imap>
			S: g OK listed
			C: h IDLE
			S: + idling
			C: DONE
			S: h OK done`},
		{"IMAP AUTHENTICATE", dialtest.Config{Protocol: policy.IMAP, LoginInClear: true, Mechanisms: both}, `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS AUTH=PLAIN AUTH=LOGIN AUTH=X-UNHEARD-OF] ready
			C: a AUTHENTICATE X-UNHEARD-OF
			S: a NO [CANNOT] mechanism not available
			C: b AUTHENTICATE plain
			S: + ` + `
			C: *
			S: b BAD exchange cancelled or malformed
			C: c AUTHENTICATE LOGIN
			S: + ` + in64("Username:") + `
			C: ` + in64("user") + `
			S: + ` + in64("Password:") + `
			C: ` + in64("secret") + `
			S: c OK [CAPABILITY <imap>] welcome`},
		{"IMAP PREAUTH", dialtest.Config{Protocol: policy.IMAP, Greeting: "* PREAUTH hello"}, `
			S: * PREAUTH hello
			C: a CAPABILITY
			S: * CAPABILITY <imap>
			S: a OK listed`},
		{"SMTP AUTH", dialtest.Config{Protocol: policy.Submission, LoginInClear: true, NoSTARTTLS: true, Mechanisms: both}, `
			S: 220 mail.test ESMTP ready
			C: AUTH PLAIN
			S: 503 5.5.1 not now
			C: EHLO
			S: 501 5.5.4 say who you are
			C: EHLO me
			<ehlo>
			S: 250-ENHANCEDSTATUSCODES
			S: 250 AUTH PLAIN LOGIN X-UNHEARD-OF
			C: STARTTLS
			S: 502 5.5.1 not implemented
			C: MAIL FROM:<a@mail.test>
			S: 530 5.7.0 log in first
			C: AUTH X-UNHEARD-OF
			S: 504 5.5.4 mechanism not available
			C: AUTH PLAIN =
			S: 501 5.5.2 exchange cancelled or malformed
			C: AUTH PLAIN ` + in64("\x00user\x00wrong") + `
			S: 535 5.7.8 wrong user or password
			C: AUTH LOGIN ` + in64("user") + `
			S: 334 ` + in64("Password:") + `
			C: ` + in64("secret") + `
			S: 235 2.7.0 welcome
			C: DATA
			S: 503 5.5.1 not now
			C: RCPT TO:<b@mail.test>
			S: 503 5.5.1 not now
			C: MAIL TO:<b@mail.test>
			S: 501 5.5.4 no address
			C: MAIL FROM:<> SIZE=1
			S: 250 2.1.0 sender accepted
			C: RCPT TO:<>
			S: 501 5.5.4 no address
			C: RCPT TO:<"\"> <x"@mail.test
			S: 501 5.5.4 no address
			C: RCPT TO:<"\"> <x"@mail.test> NOTIFY=NEVER
			S: 250 2.1.5 recipient accepted
			C: RSET
			S: 250 2.0.0 forgotten
			C: EXPN you
			S: 500 5.5.1 unknown command
			C: QUIT
			S: 221 2.0.0 bye`},
		{"SMTP in the clear", dialtest.Config{Protocol: policy.Submission}, `
			S: 220 mail.test ESMTP ready
			C: HELO me
			S: 250 mail.test
			C: AUTH PLAIN
			S: 538 5.7.11 begin TLS first
			C: MAIL FROM:<a@mail.test>
			S: 530 5.7.0 begin TLS first`},
		{"SMTP, binary content by DATA", dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: true}, `
			S: 220 mail.test ESMTP ready
			C: HELO me
			S: 250 mail.test
			C: MAIL FROM:<a@mail.test> BODY=BinaryMIME
			S: 250 2.1.0 sender accepted
			C: RCPT TO:<b@mail.test>
			S: 250 2.1.5 recipient accepted
			C: DATA
			S: 503 5.5.1 BINARYMIME wants BDAT`},
		{"POP3 in the clear", dialtest.Config{Protocol: policy.POP3}, `
			S: +OK ready
			C: CAPA
			S: +OK
			S: TOP
			S: UIDL
			S: RESP-CODES
			S: AUTH-RESP-CODE
			S: PIPELINING
			S: STLS
			S: .
			C: USER user
			S: -ERR begin TLS first
			C: STAT
			S: -ERR unknown command`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := testserver.Start(t, tt.config)
			conn := srv.Pipe()
			defer conn.Close()
			talk(t, conn, bufio.NewReader(conn), tt.script)
		})
	}
}

func TestPOP3Mailbox(t *testing.T) {
	letters := []string{
		"Subject: one\r\n\r\nfirst\r\n.\r\n..third\r\n",
		"Subject: two\r\n\r\nbody\r\n",
	}
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, LoginInClear: true, Mailbox: letters})
	script := `
		S: +OK ready
		C: USER user
		S: +OK now the password
		C: PASS wrong
		S: -ERR [AUTH] wrong user or password
		C: PASS secret
		S: +OK welcome
		C: STAT
		S: +OK 2 57
		C: LIST
		S: +OK
		S: 1 35
		S: 2 22
		S: .
		C: UIDL 2
		S: +OK 2 1001.2
		C: RETR 1
		S: +OK
		S: Subject: one
		S: ` + `
		S: first
		S: ..
		S: ...third
		S: .
		C: TOP 1 1
		S: +OK
		S: Subject: one
		S: ` + `
		S: first
		S: .
		C: TOP 1 -1
		S: -ERR how many lines
		C: DELE 1
		S: +OK marked
		C: RETR 1
		S: -ERR no such message
		C: LIST
		S: +OK
		S: 2 22
		S: .`
	for _, quit := range []bool{false, true} {
		conn := srv.Pipe()
		r := bufio.NewReader(conn)
		talk(t, conn, r, script)
		want := letters
		if quit {
			talk(t, conn, r, "C: QUIT\nS: +OK bye")
			want = letters[1:]
		}
		conn.Close()
		if got := srv.Mailbox(); !slices.Equal(got, want) {
			t.Errorf("quit %v: left is %q", quit, got)
		}
	}
}

// Replies to commands that arrive together leave together.
func TestPipelining(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, LoginInClear: true})
	conn := srv.Pipe()
	talk(t, conn, bufio.NewReader(conn), "S: +OK ready")
	io.WriteString(conn, "USER user\r\nPASS secret\r\nSTAT\r\n")
	r := make([]byte, 100)
	n, err := conn.Read(r)
	if want := "+OK now the password\r\n+OK welcome\r\n+OK 0 0\r\n"; string(r[:n]) != want {
		t.Errorf("server says %q, %v", r[:n], err)
	}
	conn.Close()
	if s := last(t, srv); s.Turns != 2 {
		t.Errorf("%d turns, want 2", s.Turns)
	}
}

func TestNetSMTP(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.Submission})
	c, err := smtp.Dial(srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	config := srv.ClientConfig()
	config.ServerName = "mail.test"
	if err := c.StartTLS(config); err != nil {
		t.Fatal(err)
	}
	if err := c.Auth(smtp.PlainAuth("", "user", "secret", "127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	const text = "Subject: dots\r\n\r\n.\r\n..\r\nend\r\n"
	for _, err := range []error{c.Mail("a@mail.test"), c.Rcpt("b@mail.test"), c.Rcpt("c@mail.test")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Quit(); err != nil {
		t.Fatal(err)
	}
	m := srv.Messages()
	if len(m) != 1 || m[0].From != "a@mail.test" || strings.Join(m[0].To, " ") != "b@mail.test c@mail.test" || string(m[0].Data) != text {
		t.Errorf("server has %q", m)
	}
}

// Over a pipe in a bubble, everything ends at once by the bubble's clock, a
// refused certificate too.
func TestPipeInBubble(t *testing.T) {
	for _, proto := range protocols() {
		for _, kind := range []dialtest.CertKind{dialtest.CertGood, dialtest.CertUnknownCA} {
			for _, p := range []policy.Policy{policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS} {
				srv := testserver.Start(t, dialtest.Config{Protocol: proto, Cert: kind, Implicit: p == policy.ImplicitTLS})
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					d := dial.Dialer{TLSConfig: srv.ClientConfig()}
					conn, err := d.NewConn(t.Context(), srv.Pipe(), srv.Endpoint(p))
					if ok := kind == dialtest.CertGood || p == policy.NoTLS; ok != (err == nil) {
						t.Errorf("%v %v %v: %v", proto, kind, p, err)
					}
					if err == nil {
						farewell(t, proto, conn)
					}
					synctest.Wait()
					if passed := time.Since(start); passed > 0 {
						t.Errorf("%v %v %v: took %v", proto, kind, p, passed)
					}
				})
			}
		}
	}
}

// farewell ends a session as a client does that does not wait for the server.
func farewell(t *testing.T, proto policy.Protocol, conn *dial.Conn) {
	script := map[policy.Protocol]string{
		policy.IMAP:       "C: a LOGOUT\nS: * BYE bye\nS: a OK done",
		policy.POP3:       "C: QUIT\nS: +OK bye",
		policy.Submission: "C: QUIT\nS: 221 2.0.0 bye",
		policy.SMTP:       "C: QUIT\nS: 221 2.0.0 bye",
	}
	talk(t, conn, bufio.NewReader(conn), script[proto])
	conn.Close()
}
