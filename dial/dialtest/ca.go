package dialtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"time"
)

// CertKind says what is wrong with a server's certificate, if anything.
type CertKind uint8

const (
	// CertGood is for localhost, mail.test, 127.0.0.1 and ::1, valid from 1990 to 2100.
	// Each other kind differs from it only in what its comment says.
	CertGood                CertKind = iota
	CertExpired                      // valid until 1999
	CertNotYetValid                  // valid from 2090
	CertWrongHost                    // for other.test
	CertSelfSigned                   // signed by its own key
	CertUnknownCA                    // issued by a CA that no client trusts
	CertMissingIntermediate          // issued by an intermediate CA that the server does not send
	CertCNOnly                       // localhost as its common name, and no alternative names
	CertWeakKey                      // an RSA key of 1024 bits
	CertClientOnly                   // for clients, not for servers
	numCertKinds
)

// String returns the kind in words, as in "wrong host".
func (k CertKind) String() string {
	if k >= numCertKinds {
		return fmt.Sprintf("certificate kind %d", uint8(k))
	}
	return [...]string{
		"good", "expired", "not yet valid", "wrong host", "self-signed", "unknown CA",
		"missing intermediate", "common name only", "weak key", "client only",
	}[k]
}

// CA is a certificate authority for tests. Its methods may be used from several goroutines
// at once.
type CA struct {
	root    issuer
	unknown issuer // for certificates that no client trusts
	middle  issuer // below root, never sent
	key     *ecdsa.PrivateKey
}

// issuer is something that signs certificates.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCA makes a CA with new keys: ECDSA P-256, one for all certificates that
// the CA issues.
func NewCA() (*CA, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	ca := &CA{key: key}
	if ca.root, err = newIssuer("dialtest CA", nil); err != nil {
		return nil, err
	}
	if ca.unknown, err = newIssuer("dialtest unknown CA", nil); err != nil {
		return nil, err
	}
	if ca.middle, err = newIssuer("dialtest intermediate CA", &ca.root); err != nil {
		return nil, err
	}
	return ca, nil
}

// PEM returns the CA's own certificate in the form in which programs read it from a file.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.root.cert.Raw})
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("dialtest: %w", err)
	}
	return key, nil
}

// newIssuer makes a CA below parent, or a root.
func newIssuer(name string, parent *issuer) (issuer, error) {
	key, err := newKey()
	if err != nil {
		return issuer{}, err
	}
	template := template(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	self := issuer{template, key}
	if parent == nil {
		parent = &self
	}
	der, err := parent.sign(template, &key.PublicKey)
	if err != nil {
		return issuer{}, err
	}
	if self.cert, err = x509.ParseCertificate(der); err != nil {
		return issuer{}, fmt.Errorf("dialtest: %w", err)
	}
	return self, nil
}

func (i *issuer) sign(template *x509.Certificate, key crypto.PublicKey) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, i.cert, key, i.key)
	if err != nil {
		return nil, fmt.Errorf("dialtest: %w", err)
	}
	return der, nil
}

// template returns what all certificates have in common.
func template(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: year(1990), // package synctest's clock begins in 2000
		NotAfter:  year(2100),
	}
}

func year(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }

// leaf is the template of a server's certificate.
func leaf() *x509.Certificate {
	t := template("localhost")
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames = []string{"localhost", "mail.test"}
	t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	return t
}

// Pool returns a new pool with the CA's root in it.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.root.cert)
	return pool
}

// ClientConfig returns a new config that trusts the CA and no other.
func (ca *CA) ClientConfig() *tls.Config { return &tls.Config{RootCAs: ca.Pool()} }

// ClientCertificate issues a certificate for a client, which servers that ask for one of
// this CA accept. Its common name is "client".
func (ca *CA) ClientCertificate() (tls.Certificate, error) {
	t := template("client")
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return ca.root.issue(t, ca.key)
}

// issue returns a certificate for key as a server or a client presents it.
func (i *issuer) issue(template *x509.Certificate, key crypto.Signer) (tls.Certificate, error) {
	der, err := i.sign(template, key.Public())
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
