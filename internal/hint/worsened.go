package hint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"syscall"

	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Day is how a date is written for a person.
const Day = "2 January 2006"

// worsened returns a hint for a server that was reached over TLS before and behaves
// worse now.
func worsened(f *Failure) string {
	if f.Known == nil || f.Known.Expired {
		return ""
	}
	what := worseNow(f)
	if what == "" {
		return ""
	}
	return "This server was reached over TLS before, last on " + f.Known.Record.LastSeen.Format(Day) + ", and now " + what +
		": an attacker between here and it may be interfering, so do not trust this network; if it is the same in every network, ask the operator of the server."
}

func worseNow(f *Failure) string {
	reason := f.violation().Reason
	var bad *tls.CertificateVerificationError
	switch {
	case reason == policy.ErrNotOffered:
		return "it offers no TLS"
	case reason == policy.ErrRefused && f.Phase == upgrade.PhaseSTARTTLS:
		return "it refuses TLS"
	case reason == policy.ErrNotTLS:
		return "it speaks in the clear where TLS was"
	case reason != nil && reason != policy.ErrPinMismatch:
		return ""
	case errors.As(f.Err, &bad) && !expired(bad):
		return "it presents a certificate that does not verify"
	case f.brokenOff():
		return "the connection breaks off where TLS should begin"
	}
	return ""
}

func expired(bad *tls.CertificateVerificationError) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(bad, &invalid) && invalid.Reason == x509.Expired
}

// brokenOff reports whether the server hung up without a word where TLS begins.
func (f *Failure) brokenOff() bool {
	var closed *wire.Closed
	ended := errors.As(f.Err, &closed) && closed.Reply == "" || errors.Is(f.Err, syscall.ECONNRESET)
	return ended && (f.Phase == upgrade.PhaseSTARTTLS || f.Phase == upgrade.PhaseHandshake)
}
