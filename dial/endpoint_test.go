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

// noDial fails the test if anybody dials.
type noDial struct{ t *testing.T }

func (n noDial) DialContext(_ context.Context, _, address string) (net.Conn, error) {
	n.t.Errorf("dialled %q", address)
	return nil, errors.New("no")
}

// What is wrong with an endpoint is said before any I/O.
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
