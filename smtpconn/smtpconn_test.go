package smtpconn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

func password() auth.Password {
	return auth.Password{User: "user", Secret: auth.NewSecret("canary")}
}

// open dials the server that lines describe and begins a session on it.
func open(t *testing.T, player *scripttest.Player, pol policy.Policy, lines string, o *smtpconn.Options) (*smtpconn.Client, *scripttest.Session, error) {
	t.Helper()
	session := player.Play(t, policy.Submission, pol, lines)
	conn, err := player.Dialer().NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtpconn.New(t.Context(), conn, o)
	return c, session, err
}

// inside makes a script of what a server does inside implicit TLS.
func inside(lines string) string { return "--- tls\n" + lines }

// ehlo is an answer to EHLO with the given lines of extensions.
func ehlo(extensions ...string) string {
	s := "C: EHLO *\nS: 250-mail.test"
	for _, e := range extensions {
		s += "\nS: 250-" + e
	}
	return s + "\nS: 250 HELP\n"
}

// closed ends a session and returns what the server saw inside TLS.
func closed(c *smtpconn.Client, session *scripttest.Session) (*script.Record, string) {
	c.Close()
	rec := session.Record()
	return rec, string(rec.Inside)
}

// The wrapped client knows all extensions, however they are written, and says
// no EHLO of its own, not even after a reset.
func TestHelloIsHandedOver(t *testing.T) {
	const transaction = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\nS: 250 2.0.0 taken\nC: Subject: x\nC:\nC: body\nC: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok\n"
	lines := ehlo("size 1000", "8bitmime", "AUTH=LOGIN", "auth plain LOGIN", "STARTTLS", "X-Odd  two   words") + "C: AUTH *\nS: 235 ok\n" + transaction
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, inside(lines), &smtpconn.Options{Auth: password()})
	if err != nil {
		t.Fatal(err)
	}
	if size, ok := c.MaxMessageSize(); !ok || size != 1000 {
		t.Errorf("SIZE %d %v", size, ok)
	}
	if _, p := c.Extension("X-ODD"); p != "two words" || !c.SupportsAuth("PLAIN") || !c.SupportsAuth("LOGIN") {
		t.Errorf("X-ODD %q", p)
	}
	if caps := c.Capabilities(); !slices.Contains(caps, "SIZE 1000") || !slices.Contains(caps, "AUTH LOGIN PLAIN") {
		t.Errorf("capabilities %q", caps)
	}
	if listed, _ := c.Extension("STARTTLS"); listed {
		t.Error("STARTTLS inside TLS")
	}
	for range 2 {
		if err := c.SendMail("a@mail.test", []string{"b@mail.test"}, strings.NewReader("Subject: x\r\n\r\nbody\r\n")); err != nil {
			t.Fatal(err)
		}
		if err := c.Reset(); err != nil {
			t.Fatal(err)
		}
		if err := c.Noop(); err != nil {
			t.Fatal(err)
		}
	}
	rec, said := closed(c, session)
	if n := strings.Count(said, "EHLO"); n != 1 || strings.Count(said, "MAIL FROM") != 2 {
		t.Errorf("%d EHLO: %q", n, said)
	}
	if !strings.HasPrefix(said, "EHLO ") || strings.Contains(said, "localhost") {
		t.Errorf("said %q", said)
	}
	for _, line := range rec.Unexpected {
		if line != "" {
			t.Errorf("unexpected %q", line)
		}
	}
}

// An opportunistic connection that stayed in the clear has said EHLO, and that
// one serves the session.
func TestHelloFromTheDialServes(t *testing.T) {
	player := scripttest.New(t)
	for _, lines := range []string{
		"S: 220 x\n" + ehlo("SIZE 7") + "C: NOOP\nS: 250 ok",
		"S: 220 x\nC: EHLO *\nS: 502 what\nC: HELO *\nS: 250 x\nC: NOOP\nS: 250 ok",
	} {
		c, session, err := open(t, player, policy.OpportunisticSTARTTLS, lines, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Noop(); err != nil {
			t.Error(err)
		}
		size, _ := c.MaxMessageSize()
		c.Close()
		rec := session.Record()
		if n := strings.Count(string(rec.Clear), "EHLO"); n != 1 || (size == 7) != strings.Contains(lines, "SIZE 7") {
			t.Errorf("%d EHLO, size %d: %q", n, size, rec.Clear)
		}
	}
}

// HELO is for servers without TLS; a TLS peer that does not know EHLO is not
// the one that was dialled.
func TestHELO(t *testing.T) {
	player := scripttest.New(t)
	const lines = "S: 220 x\nC: EHLO *\nS: 500 what\nC: HELO *\nS: 250 x\nC: NOOP\nS: 250 ok"
	c, session, err := open(t, player, policy.NoTLS, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Noop(); err != nil {
		t.Error(err)
	}
	c.Close()
	session.Record()
	_, session, err = open(t, player, policy.ImplicitTLS, inside(lines), nil)
	if !errors.Is(err, policy.ErrRefused) {
		t.Errorf("got %v", err)
	}
	if said := string(session.Record().Inside); strings.Contains(said, "HELO") {
		t.Errorf("said %q", said)
	}
}

func TestAuth(t *testing.T) {
	player := scripttest.New(t)
	const blob = "AHVzZXIAY2FuYXJ5"
	long := auth.Password{User: "user", Secret: auth.NewSecret(strings.Repeat("x", 400))}
	for name, c := range map[string]struct {
		offer, answer, said string
		creds               auth.Password
	}{
		"PLAIN":                 {"AUTH PLAIN LOGIN", "C: AUTH *\nS: 235 ok", "AUTH PLAIN " + blob + "\r\n", password()},
		"LOGIN":                 {"AUTH LOGIN", "C: AUTH LOGIN\nS: 334 dXNlciBuYW1l\nC: dXNlcg==\nS: 334\nC: Y2FuYXJ5\nS: 235 ok", "dXNlcg==\r\nY2FuYXJ5\r\n", password()},
		"too long for one line": {"AUTH PLAIN", "C: AUTH PLAIN\nS: 334 \nC: AHVz*\nS: 235 ok", "AUTH PLAIN\r\nAHVzZXIAeHh4", long},
	} {
		client, session, err := open(t, player, policy.ImplicitTLS, inside(ehlo(c.offer)+c.answer), &smtpconn.Options{Auth: c.creds})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, said := closed(client, session); !strings.Contains(said, c.said) {
			t.Errorf("%s: said %q", name, said)
		}
	}
}

func TestAuthKinds(t *testing.T) {
	player := scripttest.New(t)
	for reply, kind := range map[string]auth.Kind{
		"535 5.7.8 no":             auth.KindCredentials,
		"535 no":                   auth.KindCredentials,
		"454 4.7.0 later":          auth.KindTemporary,
		"451 later":                auth.KindTemporary,
		"432 4.7.12 new password":  auth.KindExpired,
		"534 5.7.9 too weak":       auth.KindMechanism,
		"504 5.5.4 unknown":        auth.KindMechanism,
		"538 5.7.11 encrypt":       auth.KindTLSRequired,
		"530 5.7.0 STARTTLS first": auth.KindTLSRequired,
		"550 5.7.1 not you":        auth.KindRefused,
		"250 strange":              auth.KindProtocol,
		"334 !!!\nC: A*\nS: 334 !!!\nC: \\*\nS: 501 x": auth.KindProtocol,
	} {
		_, _, err := open(t, player, policy.ImplicitTLS, inside(ehlo("AUTH PLAIN")+"C: AUTH *\nS: "+reply), &smtpconn.Options{Auth: password()})
		var e *auth.Error
		var d *dial.Error
		if !errors.As(err, &e) || e.Kind != kind || e.Mechanism != "PLAIN" || !errors.As(err, &d) || d.Phase != dial.PhaseAuth {
			t.Errorf("%q: got %v", reply, err)
		}
	}
}

// Credentials cross a connection in the clear only if the caller says
// InsecureCleartext, or takes the wrapped client by its loud name.
func TestInsecureCleartext(t *testing.T) {
	player := scripttest.New(t)
	lines := "S: 220 x\n" + ehlo("AUTH PLAIN") + "C: AUTH *\nS: 235 ok"
	for _, pol := range []policy.Policy{policy.NoTLS, policy.OpportunisticSTARTTLS} {
		_, session, err := open(t, player, pol, lines, &smtpconn.Options{Auth: password()})
		if !errors.Is(err, policy.ErrCleartextAuth) {
			t.Errorf("%v: got %v", pol, err)
		}
		if rec := session.Record(); strings.Contains(string(rec.Clear), "AUTH") {
			t.Errorf("%v: said %q", pol, rec.Clear)
		}
		c, session, err := open(t, player, pol, lines, &smtpconn.Options{Auth: auth.Password{User: "user", Secret: auth.NewSecret("canary"), InsecureCleartext: true}})
		if err != nil {
			t.Fatal(err)
		}
		if c.Auth(nil) == nil || c.Hello("x") == nil {
			t.Error("Auth or Hello")
		}
		c.Close()
		if rec := session.Record(); !strings.Contains(string(rec.Clear), "AHVzZXIAY2FuYXJ5") {
			t.Errorf("%v: said %q", pol, rec.Clear)
		}
	}
}

// In the clear, under a policy that upgrades, EHLO tells nothing but the
// address.
func TestLocalName(t *testing.T) {
	player := scripttest.New(t)
	c, session, err := open(t, player, policy.RequiredSTARTTLS, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if rec := session.Record(); !strings.HasPrefix(string(rec.Clear), "EHLO [127.0.0.1]\r\n") {
		t.Errorf("said %q", rec.Clear)
	}
	session = player.Play(t, policy.Submission, policy.RequiredSTARTTLS, "")
	d := player.Dialer()
	d.LocalName, d.NetDialer = "me.test", session
	if c, err = smtpconn.Dial(t.Context(), session.Endpoint, &smtpconn.Options{Dialer: d}); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.TLSConnectionState(); !ok {
		t.Error("TLSConnectionState")
	}
	if err := c.Quit(t.Context()); err != nil {
		t.Error(err)
	}
	rec := session.Record()
	if both := string(rec.Clear) + string(rec.Inside); strings.Count(both, "EHLO me.test\r\n") != 2 || !strings.HasSuffix(both, "QUIT\r\n") {
		t.Errorf("said %q", both)
	}
}

func TestBadArguments(t *testing.T) {
	good := dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.ImplicitTLS}
	imap := good
	imap.Protocol = policy.IMAP
	for name, c := range map[string]struct {
		e dial.Endpoint
		o smtpconn.Options
	}{
		"protocol": {e: imap},
		"password": {e: good, o: smtpconn.Options{Auth: auth.Password{User: "a", Secret: auth.NewSecret("x\n")}}},
	} {
		_, err := smtpconn.Dial(t.Context(), c.e, &c.o)
		var e *dial.Error
		if !errors.As(err, &e) || e.Phase != dial.PhaseConfig {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := smtpconn.New(t.Context(), nil, nil); err == nil {
		t.Error("nil connection")
	}
}

// A server that no longer answers ends a command within ReplyTimeout.
func TestDeadPeerEndsACommand(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		c, session, err := open(t, player, policy.ImplicitTLS, inside("C: NOOP\nHANG"), &smtpconn.Options{Auth: password(), ReplyTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour) // of the bubble's clock: nothing of the dial is left
		begin := time.Now()
		if err := c.Noop(); err == nil || time.Since(begin) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		if !errors.Is(c.Err(), os.ErrDeadlineExceeded) {
			t.Errorf("Err: %v", c.Err())
		}
		c.Close()
		session.Record()
	})
}

// A negative ReplyTimeout is none, through Dial as through New.
func TestNoReplyTimeout(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		session := player.Play(t, policy.Submission, policy.ImplicitTLS, inside("C: NOOP\nHANG"))
		d := player.Dialer()
		d.NetDialer = session
		c, err := smtpconn.Dial(t.Context(), session.Endpoint, &smtpconn.Options{Dialer: d, ReplyTimeout: -1})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		defer time.AfterFunc(24*time.Hour, func() { c.Abort() }).Stop()
		if err := c.Noop(); err == nil || time.Since(begin) != 24*time.Hour {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		session.Record()
	})
}

// A server that stops reading in the middle of a message ends the write within
// ReplyTimeout, which the wrapped client has no limit for.
func TestStalledMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go func() {
			server.Write([]byte("220 x\r\n"))
			buf := make([]byte, 4096)
			for _, answer := range []string{"250 x\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"} {
				server.Read(buf)
				server.Write([]byte(answer))
			}
		}()
		conn, err := new(dial.Dialer).NewConn(t.Context(), client, dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.NoTLS})
		if err != nil {
			t.Fatal(err)
		}
		c, err := smtpconn.New(t.Context(), conn, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Mail("a@mail.test", &smtp.MailOptions{}), c.Rcpt("b@mail.test", nil)); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := io.WriteString(w, strings.Repeat("x", 1<<20)); err == nil || time.Since(begin) != 3*time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		c.Abort()
		server.Close()
	})
}

// QUIT that is not answered ends within ReplyTimeout, and the connection is
// closed.
func TestStalledQuit(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		c, session, err := open(t, player, policy.ImplicitTLS, inside("C: QUIT\nHANG"), &smtpconn.Options{ReplyTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := c.Quit(t.Context()); err == nil || time.Since(begin) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		session.Record() // ends only when the connection does
	})
}

// What was listed in the clear is gone inside TLS.
func TestExtensionsFromTheClearAreForgotten(t *testing.T) {
	lines := "S: 220 x\n" + ehlo("SIZE 1", "8BITMIME", "SMTPUTF8", "DSN", "STARTTLS") + "C: STARTTLS\nS: 220 go\nTLS good\n" + inside(ehlo("X-NEW"))
	c, session, err := open(t, scripttest.New(t), policy.RequiredSTARTTLS, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	if caps := c.Capabilities(); !slices.Equal(caps, []string{"X-NEW", "HELP"}) {
		t.Errorf("capabilities %q", caps)
	}
	if _, ok := c.MaxMessageSize(); ok {
		t.Error("SIZE from the clear")
	}
	closed(c, session)
}
