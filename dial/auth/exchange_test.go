package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

func TestExchange(t *testing.T) {
	me := auth.Password{User: "u", Secret: auth.NewSecret("p")}
	plain, loginMech := []string{"PLAIN"}, []string{"LOGIN"}
	all := []string{"x-unknown", "login", "plain"}
	for _, c := range []struct {
		name      string
		creds     auth.Credentials
		transport transport
		log       string // joined by |
		used      string // the mechanism that succeeded, else
		kind      auth.Kind
	}{
		{"PLAIN", me, transport{list: plain, answers: []auth.Answer{yes}}, "start PLAIN \x00u\x00p", "PLAIN", ""},
		{"PLAIN in a step of its own", me, transport{list: plain, noIR: true, answers: []auth.Answer{prompt, yes}}, "start PLAIN|respond \x00u\x00p", "PLAIN", ""},
		{"LOGIN", me, transport{list: loginMech, answers: []auth.Answer{prompt, ask, yes}}, "start LOGIN |respond u|respond p", "LOGIN", ""},
		{"LOGIN, prompts of any wording", me, transport{list: loginMech, answers: []auth.Answer{ask, prompt, yes}}, "start LOGIN |respond u|respond p", "LOGIN", ""},
		{"own command", me, transport{own: "USER/PASS", answers: []auth.Answer{yes}}, "login u p", "USER/PASS", ""},
		{"PLAIN is first", me, transport{list: all, own: "USER/PASS", answers: []auth.Answer{yes}}, "start PLAIN \x00u\x00p", "PLAIN", ""},
		{"external", auth.External{}, transport{list: []string{"EXTERNAL"}, answers: []auth.Answer{yes}}, "start EXTERNAL ", "EXTERNAL", ""},
		{"external is not listed", auth.External{}, transport{list: all, own: "USER/PASS"}, "", "", auth.KindMechanism},
		{"nothing is listed", me, transport{list: []string{"X", "PLAINX"}}, "", "", auth.KindMechanism},
		{"the next after one that is refused as such", me, transport{list: all, own: "USER/PASS", answers: []auth.Answer{no(auth.KindMechanism), no(auth.KindMechanism), yes}},
			"start PLAIN \x00u\x00p|start LOGIN |login u p", "USER/PASS", ""},
		{"three attempts and no more", me, transport{list: all, own: "USER/PASS", answers: []auth.Answer{no(auth.KindMechanism)}},
			"start PLAIN \x00u\x00p|start LOGIN |login u p", "", auth.KindMechanism},
		{"three attempts and no more, of four", auth.Password{User: "u", Secret: auth.NewSecret("p"), Mechanisms: []string{"CRAM-MD5", "PLAIN", "LOGIN", "USER/PASS"}},
			transport{list: append(all, "CRAM-MD5"), own: "USER/PASS", answers: []auth.Answer{no(auth.KindMechanism)}},
			"start CRAM-MD5 |start PLAIN \x00u\x00p|start LOGIN ", "", auth.KindMechanism},
		{"no next after bad credentials", me, transport{list: all, own: "USER/PASS", answers: []auth.Answer{no(auth.KindCredentials), yes}}, "start PLAIN \x00u\x00p", "", auth.KindCredentials},
		{"no next after a time-out", me, transport{list: all, answers: []auth.Answer{no(auth.KindTemporary), yes}}, "start PLAIN \x00u\x00p", "", auth.KindTemporary},
		{"no next after an unknown refusal", me, transport{list: all, answers: []auth.Answer{no(auth.KindRefused), yes}}, "start PLAIN \x00u\x00p", "", auth.KindRefused},
		{"refused before the response", me, transport{list: plain, noIR: true, answers: []auth.Answer{no(auth.KindTLSRequired)}}, "start PLAIN", "", auth.KindTLSRequired},
		{"accepted before the response", me, transport{list: plain, noIR: true, answers: []auth.Answer{yes}}, "start PLAIN", "", auth.KindProtocol},
		{"a challenge too many, PLAIN", me, transport{list: plain, answers: []auth.Answer{ask}}, "start PLAIN \x00u\x00p|respond \x00u\x00p|cancel", "", auth.KindProtocol},
		{"a challenge too many, LOGIN", me, transport{list: loginMech, answers: []auth.Answer{ask}}, "start LOGIN |respond u|respond p|cancel", "", auth.KindProtocol},
	} {
		login, err := authenticate(t, &c.transport, c.creds)
		got := login.Mechanism
		if got != c.used || (err == nil) != (c.used != "") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		if log := strings.Join(c.transport.log, "|"); log != c.log {
			t.Errorf("%s: sent %q, want %q", c.name, log, c.log)
		}
		var ae *auth.Error
		if c.kind != "" && (!errors.As(err, &ae) || ae.Kind != c.kind) {
			t.Errorf("%s: %v, want %s", c.name, err, c.kind)
		}
		if len(c.transport.log) > 0 && ae != nil && ae.Mechanism == "" {
			t.Errorf("%s: the error names no mechanism: %v", c.name, err)
		}
	}
}

// A server that never stops asking is left after a few steps.
func TestEndlessChallenges(t *testing.T) {
	c := &transport{list: []string{"X"}, answers: []auth.Answer{ask}}
	_, err := authenticate(t, c, auth.SASL{Start: func() (sasl.Client, error) { return patient{}, nil }})
	var ae *auth.Error
	if !errors.As(err, &ae) || ae.Kind != auth.KindProtocol || len(c.log) > 20 || c.log[len(c.log)-1] != "cancel" {
		t.Errorf("%v after %d steps", err, len(c.log))
	}
}

type patient struct{}

func (patient) Start() (string, []byte, error)        { return "X", nil, nil }
func (patient) Next(challenge []byte) ([]byte, error) { return nil, nil }
func broken() (sasl.Client, error)                    { return nil, io.ErrNoProgress }
func failing(error) func() (sasl.Client, error)       { return broken }
func missing() (sasl.Client, error)                   { return nil, nil }
func cancelled(parent context.Context) context.Context {
	c, f := context.WithCancel(parent)
	f()
	return c
}

func TestNothingIsSent(t *testing.T) {
	me := auth.Password{User: "u", Secret: auth.NewSecret("p")}
	for name, c := range map[string]struct {
		ctx   context.Context
		creds auth.Credentials
	}{
		"no connection":   {t.Context(), me},
		"context ended":   {cancelled(t.Context()), sessions.InClear(me)},
		"source fails":    {t.Context(), sessions.InClear(auth.SASL{Start: failing(io.EOF)})},
		"no SASL client":  {t.Context(), sessions.InClear(auth.SASL{Start: missing})},
		"own SASL unlist": {t.Context(), sessions.InClear(auth.SASL{Start: func() (sasl.Client, error) { return patient{}, nil }})},
		"anonymous":       {t.Context(), sessions.InClear(auth.Anonymous{})},
		"external":        {t.Context(), sessions.InClear(auth.External{})},
	} {
		on := &transport{list: []string{"PLAIN", "EXTERNAL", "ANONYMOUS"}, own: "USER/PASS", answers: []auth.Answer{yes}}
		if used, err := auth.Authenticate(c.ctx, nil, on, c.creds); err == nil || len(on.log) > 0 {
			t.Errorf("%s: %q, %v, sent %q", name, used, err, on.log)
		}
	}
}

func TestConnectionErrorIsKept(t *testing.T) {
	c := &transport{list: []string{"PLAIN", "LOGIN"}, err: io.ErrUnexpectedEOF}
	me := auth.Password{User: "u", Secret: auth.NewSecret("p")}
	if _, err := authenticate(t, c, me); !errors.Is(err, io.ErrUnexpectedEOF) || len(c.log) != 1 {
		t.Errorf("%v, sent %q", err, c.log)
	}
}

// A server that says back what it was told does not get it into an error.
func TestEchoedSecret(t *testing.T) {
	me := auth.Password{User: "user", Secret: auth.NewSecret(canary)}
	blob := base64.StdEncoding.EncodeToString([]byte("\x00user\x00" + canary))
	for _, reply := range []string{"535 " + canary + " is wrong", "535 " + blob, "535 \x1b" + canary + blob} {
		refused := auth.Answer{Status: auth.Refused, Kind: auth.KindCredentials, Reply: reply}
		for _, c := range []*transport{{list: []string{"PLAIN"}, answers: []auth.Answer{refused}}, {own: "USER/PASS", answers: []auth.Answer{refused}}} {
			_, err := authenticate(t, c, me)
			var ae *auth.Error
			if !errors.As(err, &ae) || strings.Contains(err.Error()+ae.Reply, canary) || c.own == "" && strings.Contains(ae.Reply, blob) {
				t.Errorf("%q: %v", reply, err)
			}
		}
	}
}

func TestOffered(t *testing.T) {
	c := &transport{list: []string{"SCRAM-SHA-1", "X\x1b"}, own: "USER/PASS"}
	_, err := authenticate(t, c, auth.External{})
	var ae *auth.Error
	if !errors.As(err, &ae) || !slices.Equal(ae.Offered, []string{"SCRAM-SHA-1", "X\ufffd", "USER/PASS"}) {
		t.Errorf("%v", err)
	}
}

// A malformed or final answer that repeats the credentials is an error of the
// transport, which the redactor does not see as an answer.
func TestEchoInTransportError(t *testing.T) {
	me := auth.Password{User: "user", Secret: auth.NewSecret(canary)}
	blob := base64.StdEncoding.EncodeToString([]byte("\x00user\x00" + canary))
	for _, err := range []error{wire.Violation(policy.ErrMalformed, "2x5 "+blob), wire.Hangup("421 " + blob), wire.Violation(policy.ErrMalformed, canary)} {
		c := &transport{list: []string{"PLAIN"}, err: err}
		_, err := authenticate(t, c, me)
		if strings.Contains(err.Error(), blob) || strings.Contains(err.Error(), canary) {
			t.Errorf("%v", err)
		}
	}
}

// Authenticate is for others' sessions too and should not depend on their
// having called Check.
func TestAuthenticateChecks(t *testing.T) {
	for name, creds := range map[string]auth.Credentials{"nil": nil, "NUL": auth.Password{User: "admin\x00u", Secret: auth.NewSecret("p")}, "no client": auth.SASL{}} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%s: panic: %v", name, r)
				}
			}()
			c := &transport{list: []string{"PLAIN"}, answers: []auth.Answer{yes}}
			if _, err := authenticate(t, c, creds); err == nil || len(c.log) > 0 {
				t.Errorf("%s: %v, sent %q", name, err, c.log)
			}
		}()
	}
	var none context.Context
	c := &transport{list: []string{"PLAIN"}, answers: []auth.Answer{yes}}
	if _, err := auth.Authenticate(none, nil, c, sessions.InClear(auth.Password{User: "u", Secret: auth.NewSecret("p")})); err == nil || len(c.log) > 0 {
		t.Errorf("no context: %v, sent %q", err, c.log)
	}
}

// LOGIN that is accepted before a password was asked for.
func TestAcceptedWithoutCredentials(t *testing.T) {
	c := &transport{list: []string{"LOGIN"}, answers: []auth.Answer{yes}}
	if used, err := authenticate(t, c, auth.Password{User: "u", Secret: auth.NewSecret("p")}); err == nil {
		t.Errorf("%s: sent %q and is logged in", used, c.log)
	}
}
