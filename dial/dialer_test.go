package dial_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

func TestBadArgumentsBeforeIO(t *testing.T) {
	good := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS}
	edit := func(f func(*dial.Endpoint)) dial.Endpoint {
		e := good
		f(&e)
		return e
	}
	for name, c := range map[string]struct {
		ctx context.Context
		d   dial.Dialer
		e   dial.Endpoint
		is  error
	}{
		"no policy":      {e: edit(func(e *dial.Endpoint) { e.Policy = 0 }), is: policy.ErrUnset},
		"strange policy": {e: edit(func(e *dial.Endpoint) { e.Policy = 9 })},
		"no protocol":    {e: edit(func(e *dial.Endpoint) { e.Protocol = 0 })},
		"no host":        {e: edit(func(e *dial.Endpoint) { e.Host = "" })},
		"CRLF in host":   {e: edit(func(e *dial.Endpoint) { e.Host = "mail.test\r\nQUIT" })},
		"port in host":   {e: edit(func(e *dial.Endpoint) { e.Host = "mail.test:993" })},
		"TLS 1.1":        {e: good, d: dial.Dialer{TLSConfig: &tls.Config{MinVersion: tls.VersionTLS11}}},
		"CRLF in EHLO":   {e: good, d: dial.Dialer{LocalName: "a\r\nMAIL"}},
		"blank in EHLO":  {e: good, d: dial.Dialer{LocalName: "a b"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.d.NetDialer = scripttest.NoNetwork(t)
			_, err := c.d.Dial(t.Context(), c.e)
			var e *dial.Error
			if !errors.As(err, &e) || e.Phase != dial.PhaseConfig || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("nil context", func(t *testing.T) {
		d := dial.Dialer{NetDialer: scripttest.NoNetwork(t)}
		var none context.Context
		var e *dial.Error
		if _, err := d.Dial(none, good); !errors.As(err, &e) || e.Phase != dial.PhaseConfig {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nil connection", func(t *testing.T) {
		if _, err := new(dial.Dialer).NewConn(t.Context(), nil, good); err == nil {
			t.Error("no error")
		}
	})
}

const stripped = "S: * OK [CAPABILITY IMAP4rev1] ready"

func TestDowngradeIsSeenAndVetoed(t *testing.T) {
	player := scripttest.New(t)
	session := player.Play(t, policy.IMAP, policy.OpportunisticSTARTTLS, stripped)
	d := player.Dialer()
	var asked dial.Security
	d.OnDowngrade = func(_ context.Context, s dial.Security) error { asked = s; return nil }
	conn, err := d.NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []dial.Security{asked, conn.Security()} {
		if s.Encrypted() || s.Confidential() || !errors.Is(s.Downgrade, policy.ErrNotOffered) ||
			s.Downgrade.Policy != policy.OpportunisticSTARTTLS || s.Downgrade.Protocol != policy.IMAP {
			t.Errorf("got %+v", s)
		}
	}
	if got := conn.Capabilities(); !slices.Equal(got, []string{"IMAP4REV1"}) {
		t.Errorf("capabilities %q", got)
	}
	conn.Close()

	reason := errors.New("not on this network")
	d.OnDowngrade = func(context.Context, dial.Security) error { return reason }
	session = player.Play(t, policy.IMAP, policy.OpportunisticSTARTTLS, stripped)
	if _, err = d.NewConn(t.Context(), session.Client, session.Endpoint); !errors.Is(err, policy.ErrVetoed) || !errors.Is(err, reason) {
		t.Errorf("got %v", err)
	}
	if _, err := session.Client.Write([]byte("x")); err == nil {
		t.Error("connection open after a veto")
	}
}

func TestTrace(t *testing.T) {
	player := scripttest.New(t)
	var log []string
	note := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	d := player.Dialer()
	d.Trace = &dial.Trace{
		PhaseStart:    func(_ dial.Endpoint, p dial.Phase) { note("start %s", p) },
		PhaseDone:     func(_ dial.Endpoint, p dial.Phase, err error) { note("done %s %v", p, err != nil) },
		Decided:       func(_ dial.Endpoint, what dial.Decision, reason error) { note("%s %v", what, reason) },
		HandshakeDone: func(_ dial.Endpoint, s tls.ConnectionState) { note("tls %v", s.HandshakeComplete) },
	}
	session := player.Play(t, policy.Submission, policy.OpportunisticSTARTTLS, "")
	conn, err := d.NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	want := []string{
		"start greeting", "done greeting false",
		"start capability",

		"upgrade <nil>", "done capability false",
		"start starttls", "done starttls false",
		"start handshake", "tls true", "done handshake false",
	}
	if !slices.Equal(log, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
	}

	log = nil
	session = player.Play(t, policy.IMAP, policy.RequiredSTARTTLS, stripped+"\nC: STARTTLS\nS: <tag> BAD what")
	if _, err := d.NewConn(t.Context(), session.Client, session.Endpoint); err == nil {
		t.Fatal("no error")
	}
	if last := log[len(log)-2:]; !slices.Equal(last, []string{"refuse " + policy.ErrNotOffered.Error(), "done starttls true"}) {
		t.Errorf("ended with %q", last)
	}
}

// A dial with InsecureSkipVerify succeeds, and Security shows it.
func TestSkippedVerificationShows(t *testing.T) {
	player := scripttest.New(t)
	d := &dial.Dialer{TLSConfig: &tls.Config{
		InsecureSkipVerify: true,
		VerifyConnection:   func(tls.ConnectionState) error { return nil },
	}}
	session := player.Play(t, policy.POP3, policy.ImplicitTLS, "")
	conn, err := d.NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if s := conn.Security(); !s.Encrypted() || s.Verified != trust.None || s.Confidential() {
		t.Errorf("got %v", s)
	}
}

// Security returns a copy: to change it does not change the connection.
func TestSecurityIsACopy(t *testing.T) {
	player := scripttest.New(t)
	session := player.Play(t, policy.POP3, policy.ImplicitTLS, "")
	conn, err := player.Dialer().NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := conn.Security()
	*s.TLS = tls.ConnectionState{}
	if after := conn.Security(); !after.TLS.HandshakeComplete || after.ServerName != "mail.test" || !after.Encrypted() {
		t.Errorf("got %+v", after)
	}
}

func TestZeroConn(t *testing.T) {
	var c dial.Conn
	if c.Security().Encrypted() || c.Greeting() != "" || c.Preauth() {
		t.Error("the zero Conn claims something")
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("read")
	}
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("wrote")
	}
	c.Close()
	c.Abort()
	if err := c.Setup(t.Context(), func(context.Context, *dial.Setup) error { return nil }); err == nil {
		t.Error("set up")
	}
}

// resume begins a session with POP3, and waits for the ticket with which the next one may
// resume it.
func resume(t *testing.T, player *scripttest.Player, d *dial.Dialer, pol policy.Policy) dial.Security {
	t.Helper()
	session := player.Play(t, policy.POP3, pol, "")
	conn, err := d.NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte("NOOP\r\n")) // the ticket comes with the answer
	conn.Read(make([]byte, 64))
	return conn.Security()
}

// Sessions are not resumed across policies, even by one cache.
func TestResumptionStaysWithinThePolicy(t *testing.T) {
	player := scripttest.New(t)
	d := player.Dialer()
	d.TLSConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	for i, want := range []struct {
		pol     policy.Policy
		resumed bool
	}{
		{policy.RequiredSTARTTLS, false}, {policy.RequiredSTARTTLS, true},
		{policy.OpportunisticSTARTTLS, false}, {policy.ImplicitTLS, false}, {policy.ImplicitTLS, true},
	} {
		if got := resume(t, player, d, want.pol).TLS.DidResume; got != want.resumed {
			t.Errorf("%d: %v resumed: %v", i, want.pol, got)
		}
	}
}
