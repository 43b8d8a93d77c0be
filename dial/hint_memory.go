package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"syscall"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// beware ends what is said of a server that was better before.
const beware = "somebody between here and it may be interfering, so do not trust this network; if it is the same in every network, ask whoever runs the server."

// hintByMemory speaks of what a stranger would be forgiven. Of a server that is
// known to have had TLS, and to have proved who it is, it is suspicious.
func hintByMemory(e *Error) string {
	if e.Known == nil || e.Known.Expired {
		return ""
	}
	if what := e.worsened(); what != "" {
		return "This server was reached over TLS before, last on " + e.Known.Record.LastSeen.Format(day) + ", and now " + what + ": " + beware
	}
	return ""
}

// day is how dates are written for a person.
const day = "2 January 2006"

// worsened says in what a server, or what seems to be it, is worse than one
// that had TLS; "" if the failure has nothing to do with that.
func (e *Error) worsened() string {
	var (
		broken *policy.Violation
		bad    *tls.CertificateVerificationError
	)
	switch {
	case errors.As(e.Err, &broken) && broken.Reason != policy.ErrPinMismatch:
		return worse(e.Phase, broken.Reason)
	case errors.As(e.Err, &bad) && !expired(bad):
		return "it presents a certificate that does not verify"
	case e.brokenOff():
		return "the connection breaks off where TLS should begin"
	}
	return ""
}

// worse says so of a broken rule.
func worse(p Phase, reason error) string {
	switch {
	case reason == policy.ErrNotOffered:
		return "it offers no TLS"
	case reason == policy.ErrRefused && p == PhaseSTARTTLS:
		return "it refuses TLS"
	case reason == policy.ErrNotTLS:
		return "it speaks in the clear where TLS was"
	}
	return ""
}

// expired reports whether time alone makes a certificate invalid.
func expired(bad *tls.CertificateVerificationError) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(bad, &invalid) && invalid.Reason == x509.Expired
}

// brokenOff reports whether the server, or somebody, hung up in the upgrade.
func (e *Error) brokenOff() bool {
	var closed *wire.Closed
	ended := errors.As(e.Err, &closed) && closed.Reply == "" || errors.Is(e.Err, syscall.ECONNRESET)
	return ended && (e.Phase == PhaseSTARTTLS || e.Phase == PhaseHandshake)
}
