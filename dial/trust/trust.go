// Package trust has the words for how a server proved to be the one that was
// dialled: the [Method] by which it was verified, the [KeyHash] that stands for
// its key, and the [WeakKeyError] of a key too short to rely on.
package trust

import (
	"crypto/x509"
	"fmt"
)

// Method is how a server's identity was verified. The zero value is [None].
type Method uint8

const (
	None   Method = iota // not at all
	PKIX                 // by a certificate chain to a trusted root, for the right name
	Pinned               // by a key that the caller has pinned for the endpoint
)

// methods are the names of the methods, by value.
func methods() []string { return []string{"none", "pkix", "pinned"} }

// String returns "none", "pkix" or "pinned", and the number of a value that is
// not a method.
func (m Method) String() string {
	if names := methods(); int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("method(%d)", uint8(m))
}

// MarshalText returns what String does. A value that is not a method is an error.
func (m Method) MarshalText() ([]byte, error) {
	if int(m) >= len(methods()) {
		return nil, fmt.Errorf("trust: %d is not a method of verification", uint8(m))
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads what MarshalText returns. On error m is left as it was.
func (m *Method) UnmarshalText(text []byte) error {
	for i, name := range methods() {
		if name == string(text) {
			*m = Method(i)
			return nil
		}
	}
	return fmt.Errorf("trust: not a method of verification: %.64q: want none, pkix or pinned", text)
}

// WeakKeyError is a certificate below the root with an RSA key shorter than
// 2048 bits (RFC 9325 §4.5).
type WeakKeyError struct {
	Cert *x509.Certificate // the certificate
	Bits int               // the length of its key
}

// Error names the certificate and the length of its key.
func (e *WeakKeyError) Error() string {
	return fmt.Sprintf("certificate of %q has an RSA key of only %d bits", e.Cert.Subject.CommonName, e.Bits)
}
