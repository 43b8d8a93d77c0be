package pop3watch_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/popbox"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// TestPermanent: what waiting does not mend ends Run at the first look, with the error
// that says what it was.
func TestPermanent(t *testing.T) {
	codes := "+OK\r\nUSER\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n.\r\n"
	for name, tt := range map[string]struct {
		change func(*pop3watch.Config)
		hook   map[string]string
		phase  dial.Phase
		is     func(error) bool
	}{
		"policy unset": {func(c *pop3watch.Config) { c.Endpoint.Policy = 0 }, nil, dial.PhaseConfig,
			func(err error) bool { return errors.Is(err, policy.ErrUnset) }},
		"protocol": {func(c *pop3watch.Config) { c.Endpoint.Protocol = policy.IMAP }, nil, dial.PhaseConfig,
			func(error) bool { return true }},
		"no STLS": {func(c *pop3watch.Config) { c.Endpoint.Policy = policy.RequiredSTARTTLS }, map[string]string{"STLS": "-ERR what\r\n"}, dial.PhaseSTARTTLS,
			func(err error) bool { return errors.Is(err, policy.ErrNotOffered) }},
		"in the clear": {func(c *pop3watch.Config) {
			c.Options.Auth = auth.Password{User: "user", Secret: auth.NewSecret("secret")}
		}, nil, dial.PhaseAuth,
			func(err error) bool { return errors.Is(err, policy.ErrCleartextAuth) }},
		"credentials": {nil, map[string]string{"CAPA": codes, "PASS secret": "-ERR [AUTH] no\r\n"}, dial.PhaseAuth,
			func(err error) bool { return errors.Is(err, auth.KindCredentials) }},
		"disabled": {nil, map[string]string{"CAPA": codes, "PASS secret": "-ERR [SYS/PERM] no\r\n"}, dial.PhaseAuth,
			func(err error) bool { return true }},
		"no UIDL": {nil, map[string]string{"CAPA": "+OK\r\nUSER\r\n.\r\n", "UIDL": "-ERR what\r\n"}, dial.PhaseSession,
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

// TestNotTLS: a server that speaks in the clear where TLS must be ends Run.
func TestNotTLS(t *testing.T) {
	srv, err := popbox.New()
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	f := newFixture()
	f.Endpoint.Policy = policy.ImplicitTLS
	f.Options.Dialer = &dial.Dialer{NetDialer: to(srv.Addr())}
	if err := pop3watch.Run(ctx, f.Config); !errors.Is(err, policy.ErrNotTLS) {
		t.Errorf("%v", err)
	}
}

// to is a NetDialer that connects to one address.
type to string

func (address to) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, string(address))
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
	codes := "+OK\r\nUSER\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n.\r\n"
	for name, hook := range map[string]map[string]string{
		"closed":       {"CAPA": "CLOSE"},
		"guess":        {"PASS secret": "-ERR login failed\r\n"},
		"in use":       {"CAPA": codes, "PASS secret": "-ERR [IN-USE] locked\r\n"},
		"list refused": {"CAPA": codes, "UIDL": "-ERR [SYS/TEMP] later\r\n"},
		"list garbage": {"LIST": "what\r\n"},
		"one too many": {"LIST": "+OK\r\n.\r\n+OK\r\n"},
		"lost message": {"RETR 1": "+OK\r\nxCLOSE"},
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
			runFor(t, f, 31*time.Minute)
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
		f.Hook = answers(map[string]string{"RETR 1": "+OK\r\nhalfCLOSE"})
		downs := runFor(t, f, time.Hour)
		if f.told != 2 || f.got["b"] == "" || f.got["a 2"] == "" || len(downs) < 2 {
			t.Errorf("%d messages, %d outages: %q", f.told, len(downs), f.got)
		}
	})
}
