package interop

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// word puts a failed dial into one word, phase and cause, as the tables have
// it: "handshake:expired".
func word(err error) string {
	var failed *dial.Error
	if !errors.As(err, &failed) {
		return "untyped:" + err.Error()
	}
	w := string(failed.Phase) + ":" + cause(failed)
	if failed.Temporary() {
		w += ",temporary"
	}
	return w
}

func cause(err error) string {
	var login *auth.Error
	var broken *policy.Violation
	var cert *tls.CertificateVerificationError
	var op *net.OpError
	var network net.Error
	switch {
	case errors.As(err, &broken):
		return reasons[broken.Reason]
	case errors.As(err, &login):
		return kinds[login.Kind]
	case errors.As(err, &cert):
		return certificate(cert)
	case errors.As(err, &op) && op.Op == "remote error": // crypto/tls has no type for an alert
		return "alert-" + alert(op.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "closed"
	case errors.As(err, &network) && network.Timeout():
		return "timeout"
	case strings.Contains(err.Error(), "tls: server selected unsupported protocol version"): // no type either
		return "version"
	}
	return "other(" + err.Error() + ")"
}

// alert shortens what crypto/tls calls one.
func alert(err error) string {
	name := strings.TrimPrefix(err.Error(), "tls: ")
	switch name {
	case "protocol version not supported":
		return "version"
	case "certificate required":
		return "certificate"
	}
	return strings.ReplaceAll(name, " ", "-")
}

func certificate(err error) string {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "not-valid-now"
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "usage"
	case errors.As(err, &name):
		return "name"
	case errors.As(err, &authority):
		return "authority"
	}
	return "certificate(" + err.Error() + ")"
}

var reasons = map[error]string{
	policy.ErrUnset:          "unset",
	policy.ErrNotOffered:     "not-offered",
	policy.ErrRefused:        "refused",
	policy.ErrPreauth:        "preauth",
	policy.ErrInjected:       "injected",
	policy.ErrNotTLS:         "not-tls",
	policy.ErrCleartextAuth:  "cleartext",
	policy.ErrUnverifiedAuth: "unverified",
	policy.ErrMalformed:      "malformed",
	policy.ErrLimit:          "limit",
	policy.ErrVetoed:         "vetoed",
}

var kinds = map[auth.Kind]string{
	auth.KindCredentials:    "credentials",
	auth.KindTemporary:      "busy",
	auth.KindLimit:          "limit",
	auth.KindDisabled:       "disabled",
	auth.KindSecondFactor:   "second-factor",
	auth.KindNoLogin:        "no-login",
	auth.KindInUse:          "in-use",
	auth.KindExpired:        "expired",
	auth.KindMechanism:      "mechanism",
	auth.KindTLSRequired:    "tls-required",
	auth.KindProtocol:       "protocol",
	auth.KindCancelled:      "cancelled",
	auth.KindRefused:        "refused",
	auth.KindChannelBinding: "binding",
	auth.KindServerProof:    "proof",
}
