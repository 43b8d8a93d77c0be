package attacks_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// check compares what a caller got with what a case wants.
func check(t *testing.T, want script.Outcome, got result) {
	t.Helper()
	if success := slices.Contains([]string{"plain", "downgrade", "tls"}, want.Result); success || got.err == nil {
		checkSuccess(t, want.Result, got)
		return
	}
	var e *dial.Error
	if !errors.As(got.err, &e) {
		t.Errorf("not a dial.Error: %v", got.err)
		return
	}
	if !slices.ContainsFunc(strings.Split(want.Result, "|"), func(name string) bool { return is(name, e) }) {
		t.Errorf("got %q, want %v", e, want)
	}
	if want.Phase != "" && string(e.Phase) != want.Phase {
		t.Errorf("phase %s, want %s: %v", e.Phase, want.Phase, e)
	}
	checkText(t, e.Error())
	checkText(t, e.Hint())
	var v *policy.Violation
	if errors.As(e, &v) {
		checkText(t, v.Error())
		checkText(t, v.Reply)
	}
}

func checkSuccess(t *testing.T, want string, got result) {
	t.Helper()
	s := got.security
	found := "failed"
	switch {
	case got.err != nil:
	case s.Encrypted() && s.Verified == trust.PKIX:
		found = "tls"
	case s.Encrypted():
		found = "unverified"
	case s.Downgrade != nil:
		found = "downgrade"
	default:
		found = "plain"
	}
	if found != want {
		t.Errorf("got %s, want %s (%v)", found, want, got.err)
	}
	if s.Encrypted() && s.Endpoint.Policy.STARTTLS() && (got.greeting != "" || got.caps != nil) {
		t.Errorf("from before TLS: %q %q", got.greeting, got.caps)
	}
	if found == "downgrade" && !errors.Is(s.Downgrade, policy.ErrNotOffered) {
		t.Errorf("downgrade: %v", s.Downgrade)
	}
}

// is reports whether an error is the one that a script calls by name.
func is(name string, err error) bool {
	var a *auth.Error
	kind := auth.Kind("")
	if errors.As(err, &a) {
		kind = a.Kind
	}
	var v *policy.Violation
	broken := errors.As(err, &v)
	switch name {
	case "not-offered":
		return errors.Is(err, policy.ErrNotOffered)
	case "refused":
		return errors.Is(err, policy.ErrRefused)
	case "refused-temporary":
		return errors.Is(err, policy.ErrRefused) && v.Temporary()
	case "preauth":
		return errors.Is(err, policy.ErrPreauth)
	case "injected":
		return errors.Is(err, policy.ErrInjected)
	case "not-tls":
		return errors.Is(err, policy.ErrNotTLS) && v.Reply != ""
	case "malformed":
		return errors.Is(err, policy.ErrMalformed)
	case "limit":
		return errors.Is(err, policy.ErrLimit)
	case "auth-cleartext":
		return errors.Is(err, policy.ErrCleartextAuth)
	case "auth-mechanism":
		return kind == auth.KindMechanism
	case "auth-credentials":
		return kind == auth.KindCredentials
	case "auth-temporary":
		return kind == auth.KindTemporary
	case "auth":
		return kind != ""
	}
	return !broken && isNetwork(name, err)
}

// isNetwork is is for errors that break no rule.
func isNetwork(name string, err error) bool {
	var (
		cert    *tls.CertificateVerificationError
		invalid x509.CertificateInvalidError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		timeout interface{ Timeout() bool }
	)
	hasCert := errors.As(err, &cert)
	switch name {
	case "closed":
		return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
	case "timeout":
		return errors.As(err, &timeout) && timeout.Timeout()
	case "handshake":
		return !hasCert
	case "cert-expired":
		return hasCert && errors.As(err, &invalid) && invalid.Reason == x509.Expired
	case "cert-usage":
		return hasCert && errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage
	case "cert-name":
		return hasCert && errors.As(err, &host)
	case "cert-unknown":
		return hasCert && errors.As(err, &unknown)
	}
	return false
}

func checkText(t *testing.T, text string) {
	t.Helper()
	bad := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(text) > 512 || strings.ContainsFunc(text, bad) {
		t.Errorf("error text of %d bytes: %q", len(text), text)
	}
}
