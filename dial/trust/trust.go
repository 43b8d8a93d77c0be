// Package trust has the types for the verification of a server: the [Method] by which
// it was verified, the [KeyHash] that identifies its key, and the [WeakKeyError] for a
// key that is too short. A program meets them in package dial: in Security, in Pin, and
// in the chain of an Error.
package trust

import (
	"crypto/x509"
	"fmt"
)

// Method is how the identity of a server was verified. The zero value is [None].
type Method uint8

const (
	None   Method = iota // not verified
	PKIX                 // by a certificate for the name, with a chain to a trusted root
	Pinned               // by a key that the caller has pinned for the endpoint
	DANE                 // by a TLSA record in the signed DNS
)

// methods returns the names of the methods, in the order of their values.
func methods() []string { return []string{"none", "pkix", "pinned", "dane"} }

// String returns "none", "pkix", "pinned" or "dane", and "method(n)" for a value n that is not a
// method.
func (m Method) String() string {
	if names := methods(); int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("method(%d)", uint8(m))
}

// MarshalText returns the name of m. It fails for a value that is not a method.
func (m Method) MarshalText() ([]byte, error) {
	if int(m) >= len(methods()) {
		return nil, fmt.Errorf("trust: %d is not a method of verification", uint8(m))
	}
	return []byte(m.String()), nil
}

// UnmarshalText sets m to the method with the name in text. On error it leaves m
// unchanged.
func (m *Method) UnmarshalText(text []byte) error {
	for i, name := range methods() {
		if name == string(text) {
			*m = Method(i)
			return nil
		}
	}
	return fmt.Errorf("trust: not a method of verification: %.64q: want none, pkix, pinned or dane", text)
}

// WeakKeyError is the error for a certificate below the root that has an RSA key of
// fewer than 2048 bits (RFC 9325 §4.5).
type WeakKeyError struct {
	Cert *x509.Certificate // the certificate
	Bits int               // the length of its key
}

// Error names the certificate and the length of its key.
func (e *WeakKeyError) Error() string {
	return fmt.Sprintf("certificate of %.64q has an RSA key of only %d bits", e.Cert.Subject.CommonName, e.Bits)
}
