package pop3watch_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// TestPermanent: what waiting does not mend ends Run at the first look, with the error
// that says what it was.
func TestPermanent(t *testing.T) {
	codes := dialtest.Rule{Reply: "+OK\nUSER\nUIDL\nRESP-CODES\nAUTH-RESP-CODE\n."}
	for name, tt := range map[string]struct {
		change func(*pop3watch.Config)
		hook   map[string]dialtest.Rule
		phase  dial.Phase
		is     func(error) bool
	}{
		"policy unset": {func(c *pop3watch.Config) { c.Endpoint.Policy = 0 }, nil, dial.PhaseConfig,
			func(err error) bool { return errors.Is(err, policy.ErrUnset) }},
		"protocol": {func(c *pop3watch.Config) { c.Endpoint.Protocol = policy.IMAP }, nil, dial.PhaseConfig,
			func(error) bool { return true }},
		"no STLS": {func(c *pop3watch.Config) { c.Endpoint.Policy = policy.RequiredSTARTTLS }, map[string]dialtest.Rule{"STLS": {Reply: "-ERR what"}}, dial.PhaseSTARTTLS,
			func(err error) bool { return errors.Is(err, policy.ErrNotOffered) }},
		"in the clear": {func(c *pop3watch.Config) {
			c.Options.Auth = auth.Password{User: "user", Secret: auth.NewSecret("secret")}
		}, nil, dial.PhaseAuth,
			func(err error) bool { return errors.Is(err, policy.ErrCleartextAuth) }},
		"credentials": {nil, map[string]dialtest.Rule{"CAPA": codes, "PASS secret": {Reply: "-ERR [AUTH] no"}}, dial.PhaseAuth,
			func(err error) bool { return errors.Is(err, auth.KindCredentials) }},
		"disabled": {nil, map[string]dialtest.Rule{"CAPA": codes, "PASS secret": {Reply: "-ERR [SYS/PERM] no"}}, dial.PhaseAuth,
			func(err error) bool { return true }},
		"no login": {func(c *pop3watch.Config) { c.Options.Auth = nil }, map[string]dialtest.Rule{"UIDL": {Reply: "-ERR log in first"}}, dial.PhaseAuth,
			func(err error) bool {
				var failed *dial.Error
				return errors.As(err, &failed) && !failed.Temporary() && strings.Contains(err.Error(), "Auth is nil") && strings.Contains(failed.Hint(), "Auth is nil")
			}},
		"no UIDL": {nil, map[string]dialtest.Rule{"CAPA": {Reply: "+OK\nUSER\n."}, "UIDL": {Reply: "-ERR what"}}, dial.PhaseSession,
			func(err error) bool { var refused *pop3conn.Error; return errors.As(err, &refused) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			f.Hook = answers(tt.hook)
			f.Down = func(failed *dial.Error, _ time.Time) { t.Errorf("%s: an outage: %v", name, failed) }
			if tt.change != nil {
				tt.change(&f.Config)
			}
			begin := time.Now()
			run, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			err := pop3watch.Run(run, f.Config)
			ended, ok := err.(*dial.Error)
			if !ok || ended.Phase != tt.phase || !tt.is(err) || time.Since(begin) > time.Second || f.seen.held {
				t.Errorf("%s: after %v: %v, held %v", name, time.Since(begin), err, f.seen.held)
			}
			if once := pop3watch.Once(ctx, f.Config); once == nil || err != nil && once.Error() != err.Error() {
				t.Errorf("%s: once: %v", name, once)
			}
		})
	}
}

// TestRefusedTwice: credentials that were good are tried once more when the server refuses
// them, and then no more.
func TestRefusedTwice(t *testing.T) {
	codes := dialtest.Rule{Reply: "+OK\nUSER\nUIDL\nRESP-CODES\nAUTH-RESP-CODE\n."}
	for _, times := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(three()...)
			downs, left := 0, times
			f.Down = func(*dial.Error, time.Time) { downs++ }
			f.Hook = func(command string) dialtest.Rule {
				if command == "PASS secret" && len(f.net.dials) > 1 && left > 0 {
					left--
					return dialtest.Rule{Reply: "-ERR [AUTH] no"}
				}
				return answers(map[string]dialtest.Rule{"CAPA": codes})(command)
			}
			run, cancel := context.WithTimeout(ctx, 2*time.Hour)
			defer cancel()
			err := pop3watch.Run(run, f.Config)
			if errors.Is(err, auth.KindCredentials) != (times == 2) || downs != 1 || times == 2 && len(f.net.dials) != 3 {
				t.Errorf("refused %d times: %v, %d connections, %d outages", times, err, len(f.net.dials), downs)
			}
		})
	}
}

// TestNotTLS: a server that speaks in the clear where TLS must be ends Run.
func TestNotTLS(t *testing.T) {
	f := newFixture()
	f.Endpoint.Policy = policy.ImplicitTLS
	if err := pop3watch.Run(ctx, f.Config); !errors.Is(err, policy.ErrNotTLS) {
		t.Errorf("%v", err)
	}
}

// TestCertificate: a server that cannot be verified ends Run.
func TestCertificate(t *testing.T) {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.POP3, Implicit: true, Cert: dialtest.CertUnknownCA})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	f := newFixture()
	f.Endpoint = srv.Endpoint(policy.ImplicitTLS)
	f.Options.Dialer = &dial.Dialer{TLSConfig: srv.ClientConfig()}
	var certificate *tls.CertificateVerificationError
	if err := pop3watch.Run(ctx, f.Config); !errors.As(err, &certificate) {
		t.Errorf("%v", err)
	}
}

// TestPassing: what passes, or may pass, does not end Run, and is told.
func TestPassing(t *testing.T) {
	codes := dialtest.Rule{Reply: "+OK\nUSER\nUIDL\nRESP-CODES\nAUTH-RESP-CODE\n."}
	for name, hook := range map[string]map[string]dialtest.Rule{
		"closed":       {"CAPA": hangUp},
		"guess":        {"PASS secret": {Reply: "-ERR login failed"}},
		"in use":       {"CAPA": codes, "PASS secret": {Reply: "-ERR [IN-USE] locked"}},
		"list refused": {"CAPA": codes, "UIDL": {Reply: "-ERR [SYS/TEMP] later"}},
		"list garbage": {"LIST": {Reply: "what"}},
		"one too many": {"LIST": {Reply: "+OK\n.\n+OK"}},
		"lost message": {"RETR 1": {Reply: "+OK\nx", End: dialtest.EndClose}},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(three()...)
			f.Hook = answers(hook)
			downs := runFor(t, f, 100*time.Minute)
			if len(downs) < 3 {
				t.Errorf("%s: %d outages", name, len(downs))
			}
			for _, d := range downs {
				if d.failed.Error() == "" || len(d.failed.Error()) > 512 {
					t.Errorf("%s: %v", name, d.failed)
				}
			}
			f.Hook = nil
			runFor(t, f, 3*time.Hour)
			if f.told != 3 {
				t.Errorf("%s: %d messages when it has passed", name, f.told)
			}
		})
	}
}

// TestSlow: a message that ends every session holds up no other for longer than the
// look that finds out.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(three()...)
		f.Hook = answers(map[string]dialtest.Rule{"RETR 1": {Reply: "+OK\nhalf", End: dialtest.EndClose}})
		downs := runFor(t, f, time.Hour)
		if f.told != 2 || f.got["b"] == "" || f.got["a 2"] == "" || len(downs) < 2 {
			t.Errorf("%d messages, %d outages: %q", f.told, len(downs), f.got)
		}
	})
}
