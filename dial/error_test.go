package dial_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

func TestErrorText(t *testing.T) {
	imap := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.example.org", Policy: policy.RequiredSTARTTLS}
	for _, c := range []struct {
		e    dial.Error
		want string
	}{
		{dial.Error{Phase: dial.PhaseSTARTTLS, Endpoint: imap, Err: &policy.Violation{Reason: policy.ErrNotOffered, Reply: "BAD unknown command"}},
			`dial: imap mail.example.org:143 required-starttls: starttls: server does not offer STARTTLS ("BAD unknown command")`},
		{dial.Error{Phase: dial.PhaseHandshake, Endpoint: imaps("::1"), Err: io.EOF}, "dial: imaps [::1]:993 implicit-tls: handshake: EOF"},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("%s", got)
		}
	}
	for _, cause := range []string{"\x1b[2J\r\n\u202e\x00\xff", strings.Repeat("漢", 400), strings.Repeat("\x01", 400)} {
		got := (&dial.Error{Phase: dial.PhaseGreeting, Endpoint: imap, Err: errors.New(cause)}).Error()
		if len(got) > 512 || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) && r != utf8.RuneError }) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
}

// remote makes the error with which crypto/tls reports an alert it received:
// its type is a number of eight bits.
type alert uint8

func (a alert) Error() string { return fmt.Sprintf("tls: alert(%d)", uint8(a)) }

func remote(number uint8) error { return &net.OpError{Op: "remote error", Err: alert(number)} }

func TestErrorIsTemporary(t *testing.T) {
	smtp := func(reason error, reply string) error {
		return &policy.Violation{Policy: policy.RequiredSTARTTLS, Protocol: policy.SMTP, Reason: reason, Reply: reply, Transient: strings.HasPrefix(reply, "4")}
	}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, c := range []struct {
		name               string
		phase              dial.Phase
		err                error
		timeout, temporary bool
	}{
		{"deadline", dial.PhaseGreeting, fmt.Errorf("x: %w", context.DeadlineExceeded), true, true},
		{"net timeout", dial.PhaseConnect, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, true, true},
		{"kernel timeout", dial.PhaseConnect, &net.OpError{Op: "dial", Err: syscall.ETIMEDOUT}, true, true},
		{"cancelled", dial.PhaseGreeting, context.Canceled, false, false},
		{"config", dial.PhaseConfig, refused, false, false},
		{"refused", dial.PhaseConnect, refused, false, true},
		{"no such host", dial.PhaseConnect, &net.DNSError{IsNotFound: true}, false, false},
		{"no DNS", dial.PhaseConnect, &net.OpError{Op: "dial", Err: &net.DNSError{IsTemporary: true}}, false, true},
		{"DNS timeout", dial.PhaseConnect, &net.DNSError{IsTimeout: true}, true, true},
		{"closed", dial.PhaseGreeting, &wire.Closed{Err: io.EOF}, false, true},
		{"reset", dial.PhaseGreeting, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, false, true},
		{"454", dial.PhaseSTARTTLS, smtp(policy.ErrRefused, "454 later"), false, true},
		{"554", dial.PhaseSTARTTLS, smtp(policy.ErrRefused, "554 no"), false, false},
		{"injected", dial.PhaseSTARTTLS, smtp(policy.ErrInjected, "454 x"), false, false},
		{"remote alert", dial.PhaseHandshake, remote(40), false, false},
		{"local alert", dial.PhaseHandshake, &net.OpError{Op: "local error", Err: alert(70)}, false, false},
		{"other", dial.PhaseHandshake, errors.New("x"), false, false},
		{"auth, bad credentials", dial.PhaseAuth, &auth.Error{Kind: auth.KindCredentials}, false, false},
		{"auth, later", dial.PhaseAuth, &auth.Error{Kind: auth.KindTemporary}, false, true},
		{"none", dial.PhaseAuth, nil, false, false},
	} {
		e := &dial.Error{Phase: c.phase, Endpoint: imaps("h"), Err: c.err}
		if e.Timeout() != c.timeout || e.Temporary() != c.temporary {
			t.Errorf("%s: timeout %v, temporary %v", c.name, e.Timeout(), e.Temporary())
		}
		if c.err != nil && !errors.Is(e, c.err) {
			t.Errorf("%s: the chain is broken", c.name)
		}
	}
}
