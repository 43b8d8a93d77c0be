package fakenet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// CA issues certificates for any names, valid from 1990 to 2100: the clock of
// package synctest begins in 2000.
type CA struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	root *x509.Certificate
}

// NewCA makes a CA with a key of its own.
func NewCA(t testing.TB) *CA {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &CA{t: t, key: key}
	ca.root = ca.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "fakenet CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
	return ca
}

// sign issues a certificate; without a parent it signs itself.
func (ca *CA) sign(template, parent *x509.Certificate) *x509.Certificate {
	template.NotBefore = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	template.SerialNumber = big.NewInt(1)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, ca.key.Public(), ca.key)
	if err != nil {
		ca.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		ca.t.Fatal(err)
	}
	return cert
}

// Pool returns a pool with the CA in it.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.root)
	return pool
}

// Root returns the certificate of the CA.
func (ca *CA) Root() *x509.Certificate { return ca.root }

// Server returns the config of a server with a certificate for some names.
func (ca *CA) Server(names ...string) *tls.Config {
	return ca.issue(x509.Certificate{Subject: pkix.Name{CommonName: "server"}, DNSNames: names})
}

// Expired is Server with a certificate that ended in 1999.
func (ca *CA) Expired(names ...string) *tls.Config {
	return ca.issue(x509.Certificate{Subject: pkix.Name{CommonName: "server"}, DNSNames: names, NotAfter: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)})
}

// CommonName is Server with a certificate that has its name only where none counts any more
// (RFC 9525 §2).
func (ca *CA) CommonName(name string) *tls.Config {
	return ca.issue(x509.Certificate{Subject: pkix.Name{CommonName: name}})
}

func (ca *CA) issue(template x509.Certificate) *tls.Config {
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	cert := ca.sign(&template, ca.root)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: ca.key}}}
}
