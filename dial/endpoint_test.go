package dial_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		e    dial.Endpoint
		want string
	}{
		{dial.Endpoint{Protocol: policy.IMAP, Host: "h", Policy: policy.ImplicitTLS}, "h:993"},
		{dial.Endpoint{Protocol: policy.SMTP, Host: "h", Policy: policy.RequiredSTARTTLS}, "h:25"},
		{dial.Endpoint{Protocol: policy.SMTP, Host: "h", Port: 2525}, "h:2525"},
		{dial.Endpoint{Protocol: policy.POP3, Host: "fe80::1%eth0", Policy: policy.NoTLS}, "[fe80::1%eth0]:110"},
	} {
		if got := c.e.Address(); got != c.want {
			t.Errorf("%+v: %s", c.e, got)
		}
	}
}

// noDial is a NetDialer that fails the test.
type noDial struct{ t *testing.T }

func (n noDial) DialContext(_ context.Context, _, address string) (net.Conn, error) {
	n.t.Errorf("dialled %q", address)
	return nil, errors.New("no")
}

// An endpoint that is not valid is an error before any I/O.
func TestBadEndpoints(t *testing.T) {
	good := dial.Endpoint{Protocol: policy.IMAP, Host: "h", Policy: policy.NoTLS}
	for name, change := range map[string]func(*dial.Endpoint){
		"no policy":     func(e *dial.Endpoint) { e.Policy = 0 },
		"policy 9":      func(e *dial.Endpoint) { e.Policy = 9 },
		"no protocol":   func(e *dial.Endpoint) { e.Protocol = 0 },
		"protocol 5":    func(e *dial.Endpoint) { e.Protocol = 5 },
		"no host":       func(e *dial.Endpoint) { e.Host = "" },
		"dot":           func(e *dial.Endpoint) { e.Host = "." },
		"CRLF":          func(e *dial.Endpoint) { e.Host = "h\r\nx" },
		"NUL":           func(e *dial.Endpoint) { e.Host = "h\x00" },
		"CRLF in zone":  func(e *dial.Endpoint) { e.Host = "fe80::1%h\r\nx" },
		"port in host":  func(e *dial.Endpoint) { e.Host = "h:143" },
		"brackets":      func(e *dial.Endpoint) { e.Host = "[::1]" },
		"not IDN":       func(e *dial.Endpoint) { e.Host = "a\u202eb" },
		"long host":     func(e *dial.Endpoint) { e.Host = strings.Repeat("a", 5000) },
		"invalid UTF-8": func(e *dial.Endpoint) { e.Host = "\xff" },
	} {
		e := good
		change(&e)
		d := dial.Dialer{NetDialer: noDial{t}}
		_, err := d.Dial(t.Context(), e)
		var de *dial.Error
		if !errors.As(err, &de) || de.Phase != dial.PhaseConfig || de.Temporary() || de.Timeout() {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.ContainsAny(err.Error(), "\r\n\x00\u202e") || len(err.Error()) > 512 {
			t.Errorf("%s: %q", name, err)
		}
		if errors.Is(err, policy.ErrUnset) != (e.Policy == 0) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidate(t *testing.T) {
	good := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []dial.Endpoint{{}, {Protocol: policy.IMAP, Host: "mail.test"}, {Host: "mail.test", Policy: policy.NoTLS}, {Protocol: policy.IMAP, Host: "a b", Policy: policy.NoTLS}} {
		if bad.Validate() == nil {
			t.Errorf("%v is in order", bad)
		}
	}
}

// The registered port decides the policy, which is never weaker than RequiredSTARTTLS.
func TestNewEndpoint(t *testing.T) {
	for _, c := range []struct {
		p    policy.Protocol
		host string
		port int
		want string // a URL; empty for an error
	}{
		{policy.IMAP, "mail.test", 993, "imaps://mail.test:993"},
		{policy.IMAP, "mail.test", 143, "imap://mail.test:143"},
		{policy.IMAP, "Mail.Test.", 0, "imaps://mail.test:993"},
		{policy.POP3, "mail.test", 995, "pop3s://mail.test:995"},
		{policy.POP3, "mail.test", 110, "pop3://mail.test:110"},
		{policy.Submission, "mail.test", 465, "submissions://mail.test:465"},
		{policy.Submission, "mail.test", 587, "submission://mail.test:587"},
		{policy.SMTP, "mail.test", 25, "smtp://mail.test:25"},
		{policy.SMTP, "mail.test", 465, "smtps://mail.test:465"},
		{policy.SMTP, "mail.test", 0, "smtps://mail.test:465"},
		{policy.IMAP, "::1", 143, "imap://[::1]:143"},
		{policy.IMAP, "mail.test", 995, ""},
		{policy.IMAP, "mail.test", 1143, ""},
		{policy.IMAP, "mail.test", -1, ""},
		{policy.IMAP, "mail.test", 65536 + 993, ""},
		{policy.IMAP, "user@mail.test", 993, ""},
		{policy.IMAP, "", 993, ""},
		{0, "mail.test", 0, ""},
		{9, "mail.test", 993, ""},
	} {
		e, err := dial.NewEndpoint(c.p, c.host, c.port)
		switch {
		case c.want == "" && (err == nil || e != dial.Endpoint{}):
			t.Errorf("%v %q %d: %v, %v", c.p, c.host, c.port, e, err)
		case c.want != "" && (err != nil || e.String() != c.want):
			t.Errorf("%v %q %d: %v, %v; want %s", c.p, c.host, c.port, e, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "user@") {
			t.Errorf("the error quotes what may be a password: %v", err)
		}
	}
}

func TestMustParseEndpoint(t *testing.T) {
	if e := dial.MustParseEndpoint("imaps://mail.test"); e.Host != "mail.test" {
		t.Errorf("%v", e)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	dial.MustParseEndpoint("imaps://user:secret@mail.test")
}
