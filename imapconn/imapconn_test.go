package imapconn_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

func password() auth.Password {
	return auth.Password{User: "user", Secret: auth.NewSecret("canary")}
}

func cleartext() auth.Password {
	return auth.Password{User: "user", Secret: auth.NewSecret("canary"), InsecureCleartext: true}
}

// open dials the server that lines describe and begins a session on it.
func open(t *testing.T, pol policy.Policy, lines string, o *imapconn.Options) (*imapconn.Client, *scripttest.Session, error) {
	t.Helper()
	player := scripttest.New(t)
	session := player.Play(t, policy.IMAP, pol, lines)
	conn, err := player.Dialer().NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapconn.New(t.Context(), conn, o)
	return c, session, err
}

// inside makes a script of what a server does inside implicit TLS.
func inside(lines string) string { return "--- tls\n" + lines }

const listing = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\n"

// closed ends a session and returns what the server saw inside TLS.
func closed(c *imapconn.Client, session *scripttest.Session) (*script.Record, string) {
	c.Close()
	rec := session.Record()
	return rec, string(rec.Inside)
}

// However the server tells its capabilities after the login, the wrapped
// client has all of them from the start and asks for nothing.
func TestCapabilitiesAreHandedOver(t *testing.T) {
	for name, lines := range map[string]string{
		"in the tagged OK": "S: <tag> OK [CAPABILITY IMAP4rev1 IDLE X-NEW] welcome",
		"untagged":         "S: * CAPABILITY IMAP4rev1 IDLE X-NEW\nS: <tag> OK welcome",
		"lower case":       "S: * capability imap4rev1 idle x-new\nS: <tag> ok welcome",
		"asked for":        "S: <tag> OK welcome\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1 IDLE X-NEW\nS: <tag> OK done",
	} {
		t.Run(name, func(t *testing.T) {
			c, session, err := open(t, policy.ImplicitTLS, inside(listing+"C: AUTHENTICATE *\n"+lines), &imapconn.Options{Auth: password()})
			if err != nil {
				t.Fatal(err)
			}
			if login := c.Security().Login; c.State() != imap.ConnStateAuthenticated || login.Mechanism != "PLAIN" {
				t.Errorf("state %v, login %v", c.State(), login)
			}
			caps := c.Caps()
			if got := c.Capabilities(); !slices.Equal(got, []string{"IMAP4REV1", "IDLE", "X-NEW"}) {
				t.Errorf("capabilities %q", got)
			}
			if len(caps) != 3 || !caps.Has(imap.CapIdle) || !caps.Has("X-NEW") {
				t.Errorf("capabilities %v", caps)
			}
			if err := c.Noop().Wait(); err != nil {
				t.Error(err)
			}
			rec, said := closed(c, session)
			asked := strings.Count(said, "CAPABILITY")
			if want := strings.Count(lines, "C: CAPABILITY"); asked != want || len(rec.Unexpected) > 0 {
				t.Errorf("asked %d times, want %d: %q", asked, want, said)
			}
		})
	}
}

// A list that the library's parser would choke on never reaches it.
func TestMalformedCapabilities(t *testing.T) {
	for _, lines := range []string{
		"S: <tag> OK [CAPABILITY IMAP4rev1 X (] welcome\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1 X (\nS: <tag> OK done",
		"S: * CAPABILITY X (\nS: <tag> OK welcome\nC: CAPABILITY\nS: * CAPABILITY X (\nS: <tag> OK done",
	} {
		_, _, err := open(t, policy.ImplicitTLS, inside(listing+"C: AUTHENTICATE *\n"+lines), &imapconn.Options{Auth: password()})
		if !errors.Is(err, policy.ErrMalformed) {
			t.Errorf("got %v", err)
		}
	}
}

// What the server sends right behind the tagged OK belongs to the session.
func TestBytesBehindTheLoginAreKept(t *testing.T) {
	got := make(chan uint32, 1)
	handler := &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
		if d.NumMessages != nil {
			got <- *d.NumMessages
		}
	}}
	lines := listing + "C: AUTHENTICATE *\nS: <tag> OK [CAPABILITY IMAP4rev1] welcome\nS: * 17 EXISTS"
	c, session, err := open(t, policy.ImplicitTLS, inside(lines), &imapconn.Options{Auth: password(), UnilateralDataHandler: handler})
	if err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != 17 {
		t.Errorf("got %d", n)
	}
	closed(c, session)
}

func TestWithoutCredentials(t *testing.T) {
	c, session, err := open(t, policy.RequiredSTARTTLS, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.State() != imap.ConnStateNotAuthenticated || !c.Security().Confidential() || c.Security().Login != (dial.Login{}) {
		t.Errorf("state %v, %v", c.State(), c.Security())
	}
	closed(c, session)
}

func TestLoginCommand(t *testing.T) {
	const head = "S: * OK [CAPABILITY IMAP4rev1] ready\nC: LOGIN *\n"
	const tail = "S: <tag> OK [CAPABILITY IMAP4rev1] welcome"
	for _, c := range []struct{ user, password, lines, said string }{
		{"joe", `a "b" \c`, tail, `LOGIN "joe" "a \"b\" \\c"`},
		{"joe", "pässword", "S: + go\nC: pässword\n" + tail, "LOGIN \"joe\" {9}\r\npässword\r\n"},
		{"jöe", "plain", "S: + go\nC: jöe *\n" + tail, "LOGIN {4}\r\njöe \"plain\"\r\n"},
	} {
		o := &imapconn.Options{Auth: auth.Password{User: c.user, Secret: auth.NewSecret(c.password)}}
		client, session, err := open(t, policy.ImplicitTLS, inside(head+c.lines), o)
		if err != nil {
			t.Errorf("%q: %v", c.password, err)
			continue
		}
		if login := client.Security().Login; login.Mechanism != "IMAP LOGIN" {
			t.Errorf("login %v", login)
		}
		if _, said := closed(client, session); !strings.Contains(said, c.said) {
			t.Errorf("said %q, want %q", said, c.said)
		}
	}
}

// LOGINDISABLED bars LOGIN, and no SASL mechanism (RFC 2595 §3.2).
func TestLoginDisabled(t *testing.T) {
	_, session, err := open(t, policy.ImplicitTLS, inside("S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready"), &imapconn.Options{Auth: password()})
	var e *auth.Error
	if !errors.As(err, &e) || e.Kind != auth.KindMechanism {
		t.Errorf("got %v", err)
	}
	if rec := session.Record(); len(rec.Inside) > 0 {
		t.Errorf("said %q", rec.Inside)
	}
	c, session, err := open(t, policy.ImplicitTLS, inside("S: * OK [CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED AUTH=PLAIN] ready\nC: AUTHENTICATE *\nS: <tag> OK [CAPABILITY IMAP4rev1] x"), &imapconn.Options{Auth: password()})
	if err != nil {
		t.Fatal(err)
	}
	closed(c, session)
}

// Without SASL-IR the initial response waits for the server's "+", with or
// without a blank behind it.
func TestInitialResponse(t *testing.T) {
	const blob = "AHVzZXIAY2FuYXJ5"
	for _, c := range []struct{ caps, answer, said string }{
		{"IMAP4rev1 AUTH=PLAIN", "S: + \nC: " + blob + "\nS: <tag> OK [CAPABILITY IMAP4rev1] x", "AUTHENTICATE PLAIN\r\n" + blob},
		{"IMAP4rev1 AUTH=PLAIN", "S: +\nC: " + blob + "\nS: <tag> OK [CAPABILITY IMAP4rev1] x", "AUTHENTICATE PLAIN\r\n" + blob},
		{"IMAP4rev2 AUTH=PLAIN", "S: <tag> OK [CAPABILITY IMAP4rev2] x", "AUTHENTICATE PLAIN " + blob},
		{"IMAP4rev1 AUTH=LOGIN", "S: + VXNlciBOYW1lAA==\nC: dXNlcg==\nS: + UGFzc3dvcmQA\nC: Y2FuYXJ5\nS: <tag> OK [CAPABILITY IMAP4rev1] x", "dXNlcg==\r\nY2FuYXJ5"},
	} {
		client, session, err := open(t, policy.ImplicitTLS, inside("S: * OK [CAPABILITY "+c.caps+"] ready\nC: AUTHENTICATE *\n"+c.answer), &imapconn.Options{Auth: password()})
		if err != nil {
			t.Errorf("%s: %v", c.caps, err)
			continue
		}
		if _, said := closed(client, session); !strings.Contains(said, c.said) {
			t.Errorf("%s: said %q, want %q", c.caps, said, c.said)
		}
	}
}

func TestAlerts(t *testing.T) {
	var alerts []string
	o := &imapconn.Options{Auth: password(), Notice: func(n imapconn.Notice) { alerts = append(alerts, n.Alert) }}
	lines := listing + "C: AUTHENTICATE *\nS: * OK [ALERT] quota \x1b[31m low\nS: <tag> OK [CAPABILITY IMAP4rev1] x"
	c, session, err := open(t, policy.ImplicitTLS, inside(lines), o)
	if err != nil {
		t.Fatal(err)
	}
	closed(c, session)
	if !slices.Equal(alerts, []string{"quota \ufffd[31m low"}) {
		t.Errorf("got %q", alerts)
	}
	alerts = nil
	c, session, err = open(t, policy.ImplicitTLS, inside("S: * OK [ALERT] one\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\nS: <tag> OK [ALERT] two\nC: AUTHENTICATE *\nS: <tag> OK [ALERT] three\n"), o)
	if err != nil {
		t.Fatal(err)
	}
	closed(c, session)
	if !slices.Equal(alerts, []string{"one", "two", "three", "two"}) {
		t.Errorf("got %q", alerts)
	}
	alerts = nil
	o.Auth = cleartext()
	c, session, err = open(t, policy.NoTLS, lines, o)
	if err != nil {
		t.Fatal(err)
	}
	closed(c, session)
	if alerts != nil {
		t.Errorf("from the clear: %q", alerts)
	}
}

// PREAUTH inside TLS is what a client certificate brings. A caller with a password
// would get a session that the password has no part in.
func TestPreauthInsideTLS(t *testing.T) {
	const lines = "S: * PREAUTH [CAPABILITY IMAP4rev1] welcome"
	for _, creds := range []auth.Credentials{nil, auth.External{}} {
		c, session, err := open(t, policy.ImplicitTLS, inside(lines), &imapconn.Options{Auth: creds})
		if err != nil {
			t.Fatal(err)
		}
		if c.State() != imap.ConnStateAuthenticated {
			t.Errorf("state %v", c.State())
		}
		closed(c, session)
	}
	if _, _, err := open(t, policy.ImplicitTLS, inside(lines), &imapconn.Options{Auth: password()}); !errors.Is(err, policy.ErrPreauth) {
		t.Errorf("got %v", err)
	}
}

// A list in a refusal is not that of the session that a later login opens.
func TestCapabilitiesOfARefusalAreForgotten(t *testing.T) {
	lines := listing + "C: AUTHENTICATE *\nS: <tag> BAD [CAPABILITY IMAP4rev1 X-OLD] what\nC: LOGIN *\nS: <tag> OK in\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1 X-NEW\nS: <tag> OK"
	c, session, err := open(t, policy.ImplicitTLS, inside(lines), &imapconn.Options{Auth: password()})
	if err != nil {
		t.Fatal(err)
	}
	if caps := c.Caps(); caps.Has("X-OLD") || !caps.Has("X-NEW") {
		t.Errorf("capabilities %v", caps)
	}
	closed(c, session)
}

// Whatever form a secret comes back in, and however late, it is in no error.
func TestSecretsComeBackInManyForms(t *testing.T) {
	const head = "S: * OK [CAPABILITY IMAP4rev1] ready\nC: LOGIN *\nS: "
	for _, secret := range []string{`can"ary\pass`, "first\tcanarysecret", "zero\u200bwidth", "canarysecret"} {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret)
		for _, answer := range []string{
			"<tag> BAD LOGIN " + quoted, "* BYE got " + secret, "<tag> WHAT " + secret, "<tag> NO " + strings.ToUpper(secret),
			"<tag> OK in\nC: CAPABILITY\nS: <tag> NO " + secret, "<tag> OK in\nC: CAPABILITY\nS: * CAPABILITY " + secret + "\nS: <tag> OK",
			"<tag> NO " + strings.Repeat("x", 495) + secret,
		} {
			o := &imapconn.Options{Auth: auth.Password{User: "joe", Secret: auth.NewSecret(secret)}}
			_, _, err := open(t, policy.ImplicitTLS, inside(head+answer), o)
			if err == nil {
				t.Errorf("%q: logged in", answer)
				continue
			}
			for _, part := range []string{"canary", "ary\\", "width", "first"} {
				if strings.Contains(secret, part) && strings.Contains(strings.ToLower(err.Error()), part) {
					t.Errorf("%q: %v", answer, err)
				}
			}
		}
	}
}

// A server that repeats its input does not bring a password into an error.
func TestSecretsStayOutOfErrors(t *testing.T) {
	for _, reply := range []string{"BAD AUTHENTICATE PLAIN AHVzZXIAY2FuYXJ5 what?", "NO wrong password canary for user"} {
		const greeting = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN LOGINDISABLED] ready\n"
		_, _, err := open(t, policy.ImplicitTLS, inside(greeting+"C: AUTHENTICATE *\nS: <tag> "+reply), &imapconn.Options{Auth: password()})
		if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "Y2FuYXJ5") {
			t.Errorf("got %v", err)
		}
	}
}

func TestBadArguments(t *testing.T) {
	good := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS}
	d := &dial.Dialer{NetDialer: scripttest.NoNetwork(t)}
	for name, c := range map[string]struct {
		e dial.Endpoint
		o imapconn.Options
	}{
		"protocol":         {e: dial.Endpoint{Protocol: policy.POP3, Host: "mail.test", Policy: policy.ImplicitTLS}},
		"no user":          {e: good, o: imapconn.Options{Auth: auth.Password{Secret: auth.NewSecret("x")}}},
		"CRLF in user":     {e: good, o: imapconn.Options{Auth: auth.Password{User: "a\r\nb", Secret: auth.NewSecret("x")}}},
		"NUL in password":  {e: good, o: imapconn.Options{Auth: auth.Password{User: "a", Secret: auth.NewSecret("x\x00")}}},
		"no SASL function": {e: good, o: imapconn.Options{Auth: auth.SASL{}}},
	} {
		c.o.Dialer = d
		_, err := imapconn.Dial(t.Context(), c.e, &c.o)
		var e *dial.Error
		if !errors.As(err, &e) || e.Phase != dial.PhaseConfig {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := imapconn.New(t.Context(), nil, nil); err == nil {
		t.Error("nil connection")
	}
	var none context.Context
	if _, err := imapconn.Dial(none, good, &imapconn.Options{Dialer: d}); err == nil {
		t.Error("nil context")
	}
}

// Credentials cross a connection in the clear only if the caller says
// InsecureCleartext, or takes the wrapped client by its loud name.
func TestInsecureCleartext(t *testing.T) {
	const lines = listing + "C: AUTHENTICATE *\nS: <tag> OK [CAPABILITY IMAP4rev1] x\nC: LOGIN *\nS: <tag> OK x"
	for _, pol := range []policy.Policy{policy.NoTLS, policy.OpportunisticSTARTTLS} {
		_, session, err := open(t, pol, lines, &imapconn.Options{Auth: password()})
		if !errors.Is(err, policy.ErrCleartextAuth) {
			t.Errorf("%v: got %v", pol, err)
		}
		if rec := session.Record(); strings.Contains(string(rec.Clear), "AUTH") {
			t.Errorf("%v: said %q", pol, rec.Clear)
		}
		c, session, err := open(t, pol, lines, &imapconn.Options{Auth: cleartext()})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if rec := session.Record(); !strings.Contains(string(rec.Clear), "AHVzZXIAY2FuYXJ5") {
			t.Errorf("%v: said %q", pol, rec.Clear)
		}
	}
	c, session, err := open(t, policy.NoTLS, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login("user", "canary"); err == nil {
		t.Error("Login")
	}
	if err := c.Authenticate(nil); err == nil {
		t.Error("Authenticate")
	}
	if err := c.InsecureClient().Login("user", "loud").Wait(); err != nil {
		t.Error(err)
	}
	c.Close()
	if said := string(session.Record().Clear); strings.Contains(said, "canary") || !strings.Contains(said, "loud") {
		t.Errorf("said %q", said)
	}
}

func TestWrappedClientIsOutOfReach(t *testing.T) {
	build := func(dir string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, dir).CombinedOutput()
		return string(out), err
	}
	if out, err := build("./testdata/asks"); err != nil {
		t.Fatalf("the honest program does not build: %s", out)
	}
	out, err := build("./testdata/reaches")
	if err == nil || !strings.Contains(out, "c.Client undefined") || !strings.Contains(out, "Wait undefined") {
		t.Errorf("got %v: %s", err, out)
	}
}

// The package documentation names every promoted command: godoc does not.
func TestPromotedCommandsAreListed(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{"Login": true, "Authenticate": true}
	client := reflect.TypeFor[*imapclient.Client]()
	for i := range client.NumMethod() {
		m := client.Method(i)
		if !own[m.Name] && !regexp.MustCompile(`\b`+m.Name+`\b`).Match(text) {
			t.Errorf("%s is not listed", m.Name)
		}
	}
}

func TestDial(t *testing.T) {
	player := scripttest.New(t)
	session := player.Play(t, policy.IMAP, policy.RequiredSTARTTLS, "")
	d := player.Dialer()
	d.NetDialer = session
	c, err := imapconn.Dial(t.Context(), session.Endpoint, &imapconn.Options{Dialer: d, Auth: password()})
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Security(); !s.Encrypted() || s.ServerName != "mail.test" {
		t.Errorf("got %v", s)
	}
	if err := c.Logout().Wait(); err != nil {
		t.Error(err)
	}
	c.Close()
	session.Record()
	if err := c.Err(); !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), "LOGOUT") {
		t.Errorf("Err: %v", err)
	}
}

// A protocol of another package is an error that names it.
func TestProtocolOfAnotherPackage(t *testing.T) {
	for protocol, want := range map[policy.Protocol]string{
		policy.Submission: "imapconn does not speak submission: package smtpconn does",
		policy.POP3:       "package pop3conn does",
		99:                "imapconn does not speak",
	} {
		e := dial.Endpoint{Protocol: protocol, Host: "mail.test", Policy: policy.ImplicitTLS}
		if _, err := imapconn.Dial(t.Context(), e, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "package  does") {
			t.Errorf("%v: %v", protocol, err)
		}
	}
}
