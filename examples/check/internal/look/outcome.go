package look

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// achieved says what a connection that was made is.
func achieved(s dial.Security) report.Outcome {
	switch {
	case s.Encrypted(): // verified, or pinned: the Dialer makes no other here
		return report.Outcome{Result: report.Protected}
	case s.Downgrade != nil:
		return report.Outcome{Result: report.Downgrade, Reason: reason(s.Downgrade), Error: clip(s.Downgrade.Error())}
	}
	return report.Outcome{Result: report.Clear}
}

// failure says why there is no connection. ctx is that of the whole run.
func failure(ctx context.Context, err error) report.Outcome {
	o := report.Outcome{Result: report.None, Reason: reason(err), Error: clip(err.Error())}
	var stopped *dial.Error
	if errors.As(err, &stopped) {
		o.Phase, o.Error, o.Hint = stopped.Phase, clip(stopped.Err.Error()), clip(stopped.Hint())
		o.Temporary = stopped.Temporary()
	}
	var rule *policy.Violation
	if end := ended(ctx); end != nil && errors.Is(err, end) && !errors.As(err, &rule) {
		o.Reason, o.Hint = report.Cut, "" // which would be about the server
	}
	return o
}

// broken are the rules that a server can break, with the words of the report for them.
func broken() []struct {
	rule   error
	reason report.Reason
} {
	return []struct {
		rule   error
		reason report.Reason
	}{
		{policy.ErrNotOffered, report.NotOffered},
		{policy.ErrRefused, report.Refused},
		{policy.ErrPreauth, report.Preauth},
		{policy.ErrInjected, report.Injected},
		{policy.ErrNotTLS, report.NotTLS},
		{policy.ErrMalformed, report.Malformed},
		{policy.ErrLimit, report.TooLong},
		{policy.ErrPinMismatch, report.CertPin},
	}
}

// reason finds in the chain of an error what it is about. The broken rule comes first, as
// its error may have that of a certificate or of the network in its chain.
func reason(err error) report.Reason {
	for _, b := range broken() {
		if errors.Is(err, b.rule) {
			return b.reason
		}
	}
	var (
		bad     *tls.CertificateVerificationError
		stopped *dial.Error
		left    *dial.Farewell
	)
	switch {
	case errors.As(err, &bad):
		return certificateReason(bad)
	case !errors.As(err, &stopped):
		return report.Other
	case stopped.Phase == dial.PhaseConnect:
		return report.Unreachable
	case stopped.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return report.Silent
	case stopped.Phase == dial.PhaseHandshake:
		return report.Handshake
	case errors.As(err, &left):
		return report.HungUp
	}
	return report.Other
}

// certificateReason says what is wrong with a certificate.
func certificateReason(bad *tls.CertificateVerificationError) report.Reason {
	var (
		weak    *trust.WeakKeyError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
	)
	leaf := bad.UnverifiedCertificates[0]
	switch {
	case errors.As(bad, &weak):
		return report.CertWeakKey
	case errors.As(bad, &host) && len(leaf.DNSNames)+len(leaf.IPAddresses) == 0:
		return report.CertNoNames
	case errors.As(bad, &host):
		return report.CertName
	case errors.As(bad, &invalid) && invalid.Reason == x509.Expired:
		return datesReason(invalid, leaf)
	case errors.As(bad, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return report.CertPurpose
	case errors.As(bad, &unknown) && leaf.Issuer.String() == leaf.Subject.String():
		return report.CertSelf
	case errors.As(bad, &unknown) && len(bad.UnverifiedCertificates) == 1:
		return report.CertPartial
	case errors.As(bad, &unknown):
		return report.CertAuthority
	}
	return report.CertOther
}

// datesReason tells a certificate that is not valid yet from one that is no longer. The
// error has the time that it was verified at only in its words.
func datesReason(invalid x509.CertificateInvalidError, leaf *x509.Certificate) report.Reason {
	cert := invalid.Cert
	if cert == nil {
		cert = leaf
	}
	if time.Now().Before(cert.NotBefore) {
		return report.CertNotYet
	}
	return report.CertExpired
}
