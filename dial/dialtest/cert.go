package dialtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// Certificate issues a server's certificate of the given kind, with the chain that the
// server sends and the key.
func (ca *CA) Certificate(kind CertKind) (tls.Certificate, error) {
	t := leaf()
	switch kind {
	case CertGood:
	case CertExpired:
		t.NotAfter = year(1999)
	case CertNotYetValid:
		t.NotBefore = year(2090)
	case CertWrongHost:
		t.DNSNames, t.IPAddresses = []string{"other.test"}, nil
	case CertCNOnly:
		t.DNSNames, t.IPAddresses = nil, nil
	case CertClientOnly:
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case CertSelfSigned:
		self := issuer{t, ca.key}
		return self.issue(t, ca.key)
	case CertUnknownCA:
		return ca.unknown.issue(t, ca.key)
	case CertMissingIntermediate:
		return ca.middle.issue(t, ca.key)
	case CertWeakKey:
		return ca.weak(t)
	default:
		return tls.Certificate{}, fmt.Errorf("dialtest: no %v", kind)
	}
	return ca.root.issue(t, ca.key)
}

// weak issues a certificate for a key of the shortest length that crypto/rsa generates.
func (ca *CA) weak(t *x509.Certificate) (tls.Certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("dialtest: %w", err)
	}
	return ca.root.issue(t, key)
}

// named issues a certificate of the kind that has the name.
func (ca *CA) named(kind string) (tls.Certificate, error) {
	for k := range numCertKinds {
		if k.String() == kind {
			return ca.Certificate(k)
		}
	}
	return tls.Certificate{}, fmt.Errorf("dialtest: no certificate %q", kind)
}
