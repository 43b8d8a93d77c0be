package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/trust"
)

func hintByCertificate(e *Error) string {
	var bad *tls.CertificateVerificationError
	if !errors.As(e.Err, &bad) || len(bad.UnverifiedCertificates) == 0 {
		return ""
	}
	leaf := bad.UnverifiedCertificates[0]
	var (
		invalid x509.CertificateInvalidError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		weak    *trust.WeakKeyError
	)
	switch {
	case errors.As(bad, &weak):
		return fmt.Sprintf("The server's certificate chain has an RSA key of %d bits; it needs one of 2048 or more.", weak.Bits)
	case errors.As(bad, &host):
		return hintName(host.Host, leaf)
	case errors.As(bad, &invalid):
		return hintInvalid(invalid, leaf)
	case errors.As(bad, &unknown):
		return hintUnknown(bad.UnverifiedCertificates)
	}
	return ""
}

// hintName explains a certificate for other names. Names only in the common
// name do not count (RFC 9525 §2).
func hintName(want string, leaf *x509.Certificate) string {
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return fmt.Sprintf("The server's certificate names %q only as its common name, which does not count any more: it needs a subject alternative name.", leaf.Subject.CommonName)
	}
	const most = 4
	if len(names) > most {
		names = append(names[:most], "...")
	}
	return fmt.Sprintf("The server's certificate is not for %s but for %s: use a name it is for.", want, strings.Join(names, ", "))
}

func hintInvalid(err x509.CertificateInvalidError, leaf *x509.Certificate) string {
	cert := err.Cert
	if cert == nil {
		cert = leaf
	}
	switch {
	case err.Reason == x509.Expired && time.Now().Before(cert.NotBefore):
		return fmt.Sprintf("The server's certificate is valid only from %s: is this computer's clock right?", cert.NotBefore.Format(day))
	case err.Reason == x509.Expired:
		return fmt.Sprintf("The server's certificate expired on %s: whoever runs the server must renew it.", cert.NotAfter.Format(day))
	case err.Reason == x509.IncompatibleUsage:
		return "The server's certificate was not issued for servers (extended key usage)."
	}
	return "The server's certificate breaks the rules for certificates: whoever runs the server must replace it."
}

func hintUnknown(chain []*x509.Certificate) string {
	leaf, last := chain[0], chain[len(chain)-1]
	switch {
	case len(chain) == 1 && leaf.Issuer.String() == leaf.Subject.String():
		return "The server's certificate is self-signed: nobody vouches for it; let this program trust it if it is yours."
	case len(chain) == 1:
		return fmt.Sprintf("The server's certificate was issued by %q, which is not trusted here: if that is your organisation's own CA, let this program trust it; otherwise the server may be leaving out an intermediate certificate.", name(leaf))
	}
	return fmt.Sprintf("The server's certificate comes from a CA that is not trusted here, %q: let this program trust it if it is yours.", name(last))
}

// name returns the issuer's common name, or all of it.
func name(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return c.Issuer.String()
}

// Alerts of RFC 8446 §6.2, RFC 7301 and RFC 6066.
const (
	alertHandshakeFailure   = 40
	alertBadCertificate     = 42
	alertUnknownCertificate = 46
	alertUnknownCA          = 48
	alertAccessDenied       = 49
	alertProtocolVersion    = 70
	alertUnrecognizedName   = 112
	alertCertRequired       = 116
	alertNoALPN             = 120
)

func hintByAlert(e *Error) string {
	if number, ok := remoteAlert(e.Err); ok {
		return hintForAlert(number, e.Endpoint)
	}
	if e.Phase == PhaseHandshake && strings.Contains(e.Err.Error(), "unsupported protocol version") { // crypto/tls has no type for it
		return hintOldVersion
	}
	return ""
}

const hintOldVersion = "The server only knows versions of TLS older than 1.2: it must be updated."

func hintForAlert(number uint8, e Endpoint) string {
	switch number {
	case alertProtocolVersion:
		return hintOldVersion
	case alertHandshakeFailure:
		return "The server and this client have no TLS settings in common: it may be too old, or demand a client certificate."
	case alertCertRequired, alertBadCertificate, alertUnknownCertificate, alertUnknownCA, alertAccessDenied:
		return "The server wants a client certificate, or does not accept the one it got: set one up in this program."
	case alertUnrecognizedName:
		return fmt.Sprintf("The server does not know the name %s: use the name its certificate is for.", e.Host)
	case alertNoALPN:
		return fmt.Sprintf("What listens on %s is a TLS server for another protocol than %v.", e.Address(), e.Protocol)
	}
	return ""
}
