package attacks_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// attempt is one connection to the server of a case.
type attempt struct {
	*script.Case
	policy  policy.Policy
	session bool // log in, do one thing and leave
	ca      *dialtest.CA
}

// result is what the caller got.
type result struct {
	security dial.Security
	caps     []string
	greeting string
	err      error
	worked   error // of the one thing that the session did
}

// connect dials over client, and begins a session if that is wanted.
func (a *attempt) connect(t *testing.T, client net.Conn) result {
	var transcript bytes.Buffer
	defer func() { checkTranscript(t, transcript.String()) }()
	d := &dial.Dialer{TLSConfig: a.ca.ClientConfig(), Transcript: &transcript}
	conn, err := d.NewConn(t.Context(), client, dial.Endpoint{Protocol: a.Protocol, Host: "mail.test", Policy: a.policy})
	if err != nil {
		return result{err: err}
	}
	r := result{security: conn.Security(), caps: conn.Capabilities(), greeting: conn.Greeting()}
	if !a.session {
		conn.Close()
		return r
	}
	s, err := sessions.New(t.Context(), conn, credentials())
	if r.err = err; err == nil {
		defer s.Close()
		r.worked = work(t.Context(), s)
	}
	return r
}

func credentials() auth.Password {
	return auth.Password{User: canaryUser, Secret: auth.NewSecret(canaryPassword)}
}

// work does one thing in a session: it sends a message, or a command that
// changes nothing.
func work(ctx context.Context, s sessions.Session) error {
	if c, ok := s.(*smtpconn.Client); ok {
		return c.SendMail(canaryFrom, []string{canaryTo}, strings.NewReader("Subject: "+canarySubject+"\r\n\r\n"+canaryBody+"\r\n"))
	}
	return sessions.Noop(ctx, s)
}

// checkClear looks at what the server saw in the clear.
func (a *attempt) checkClear(t *testing.T, seen *script.Record) {
	t.Helper()
	if leaks := script.Leaks(seen.Clear, canaryUser, canaryPassword, canaryFrom, canaryTo, canarySubject, canaryBody); leaks != nil {
		t.Errorf("%q in the clear: %q", leaks, seen.Clear)
	}
	if lines := script.Forbidden(seen.Clear, a.Protocol, a.policy); lines != nil {
		t.Errorf("said in the clear: %q", lines)
	}
}

// checkTranscript looks at what would be shown to a stranger: there is something,
// every line of it is printable, and neither the password nor the content of a
// message is in it.
func checkTranscript(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(text, " -- ") {
		t.Errorf("no transcript: %q", text)
	}
	if leaks := script.Leaks([]byte(text), canaryPassword, canarySubject, canaryBody); leaks != nil {
		t.Errorf("%q is in the transcript:\n%s", leaks, text)
	}
	for line := range strings.Lines(text) {
		const prefix = "000000 00:00:00.000 C: "
		if text := strings.TrimSuffix(line, "\n")[len(prefix):]; text != wire.Printable(text) {
			t.Errorf("not printable: %q", line)
		}
	}
}
