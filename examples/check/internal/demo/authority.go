package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"
)

// Now is when the demo takes place, so that it shows the same each time.
func Now() time.Time { return time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC) }

// authority issues certificates. Its keys come from its name, so that they are the same in
// each run, and secret to no one.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority returns an authority below parent, or a root if that is nil.
func newAuthority(name string, parent *authority) (*authority, error) {
	key, err := keyFor(name)
	if err != nil {
		return nil, err
	}
	a := &authority{template(name), key}
	a.cert.IsCA, a.cert.BasicConstraintsValid, a.cert.KeyUsage = true, true, x509.KeyUsageCertSign
	a.cert.NotAfter = Now().AddDate(10, 0, 0)
	if parent == nil {
		parent = a
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, parent.cert, key.Public(), parent.key)
	if err != nil {
		return nil, err
	}
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

// template is what all certificates have in common.
func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: Now().AddDate(0, 0, -10), NotAfter: Now().AddDate(0, 0, 80).Add(time.Hour),
	}
}

// issue returns a server's certificate for a host, as change has it, with what the server
// sends after it.
func (a *authority) issue(host string, key crypto.Signer, change func(*x509.Certificate), sent ...*x509.Certificate) (tls.Certificate, error) {
	t := template(host)
	t.DNSNames = []string{host}
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if change != nil {
		change(t)
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	chain := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	for _, c := range sent {
		chain.Certificate = append(chain.Certificate, c.Raw)
	}
	return chain, nil
}

// keyFor returns the key of a name.
func keyFor(name string) (*ecdsa.PrivateKey, error) {
	sum := sha256.Sum256([]byte("mailconn demo: " + name))
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
}

// weakKeyFor returns an RSA key of 1024 bits: too short, as some old servers have it.
func weakKeyFor(name string) (*rsa.PrivateKey, error) {
	p, q, e := primeFor(name+" p"), primeFor(name+" q"), big.NewInt(65537)
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: int(e.Int64())},
		D:         new(big.Int).ModInverse(e, phi),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	return key, key.Validate()
}

// primeFor returns a prime of 512 bits that comes from a name.
func primeFor(name string) *big.Int {
	high, low := sha256.Sum256([]byte(name)), sha256.Sum256([]byte(name+"'"))
	high[0] |= 0xc0 // so that the product has all its bits
	p := new(big.Int).SetBytes(append(high[:], low[:]...))
	p.SetBit(p, 0, 1)
	for two := big.NewInt(2); !p.ProbablyPrime(20); {
		p.Add(p, two)
	}
	return p
}
