package hint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/hostname"
)

// certificate explains a certificate that does not verify.
func certificate(f *Failure) string {
	var bad *tls.CertificateVerificationError
	if !errors.As(f.Err, &bad) || len(bad.UnverifiedCertificates) == 0 {
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
		return wrongName(host.Host, bad.UnverifiedCertificates)
	case errors.As(bad, &invalid):
		return invalidCertificate(invalid, leaf)
	case errors.As(bad, &unknown):
		return unknownIssuer(bad.UnverifiedCertificates)
	}
	return "The server's certificate does not verify: the operator of the server must replace it."
}

// wrongName explains a certificate for other names.
func wrongName(want string, chain []*x509.Certificate) string {
	names := hostname.Claimed(chain)
	if len(names) == 0 {
		return fmt.Sprintf("The server's certificate names %q only as its common name, which does not count any more: it needs a subject alternative name.", chain[0].Subject.CommonName)
	}
	const most = 4
	if len(names) > most {
		names = append(names[:most], "...")
	}
	return fmt.Sprintf("The server's certificate is not for %s but for %s: use a name it is for.", want, strings.Join(names, ", "))
}

func invalidCertificate(err x509.CertificateInvalidError, leaf *x509.Certificate) string {
	cert := err.Cert
	if cert == nil {
		cert = leaf
	}
	switch {
	case err.Reason == x509.Expired && time.Now().Before(cert.NotBefore):
		return fmt.Sprintf("The server's certificate is valid only from %s: is this computer's clock right?", cert.NotBefore.Format(Day))
	case err.Reason == x509.Expired:
		return fmt.Sprintf("The server's certificate expired on %s: the operator of the server must renew it.", cert.NotAfter.Format(Day))
	case err.Reason == x509.IncompatibleUsage:
		return "The server's certificate was not issued for servers (extended key usage)."
	}
	return "The server's certificate breaks the rules for certificates: the operator of the server must replace it."
}

func unknownIssuer(chain []*x509.Certificate) string {
	leaf, last := chain[0], chain[len(chain)-1]
	switch {
	case len(chain) == 1 && leaf.Issuer.String() == leaf.Subject.String():
		return "The server's certificate is self-signed: no authority vouches for it; let this program trust it if it is yours."
	case len(chain) == 1:
		return fmt.Sprintf("The server's certificate was issued by %q, which is not trusted here: if that is your organisation's own CA, let this program trust it; otherwise the server may be leaving out an intermediate certificate.", issuer(leaf))
	}
	return fmt.Sprintf("The server's certificate comes from a CA that is not trusted here, %q: let this program trust it if it is yours.", issuer(last))
}

// issuer returns the issuer's common name, or all of its name.
func issuer(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return c.Issuer.String()
}
