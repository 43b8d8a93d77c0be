package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
)

// KeyHash is the SHA-256 of a certificate's public key (its
// SubjectPublicKeyInfo in DER), which stays the same when a certificate is
// renewed with the same key. The zero value is that of no key. It is not the
// fingerprint of the certificate, which others show: whoever runs the server
// gets it from the certificate's file by
//
//	openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum
type KeyHash [sha256.Size]byte

// HashKey returns the hash of cert's public key.
func HashKey(cert *x509.Certificate) KeyHash {
	return sha256.Sum256(cert.RawSubjectPublicKeyInfo)
}

// IsZero reports whether h is that of no key.
func (h KeyHash) IsZero() bool { return h == KeyHash{} }

// String returns the hash in hexadecimal, and "" for the zero value.
func (h KeyHash) String() string {
	if h.IsZero() {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// MarshalText returns what String does.
func (h KeyHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText returns. On error h is left as it was.
func (h *KeyHash) UnmarshalText(text []byte) error {
	var v KeyHash
	if len(text) > 0 {
		if n, err := hex.Decode(v[:], text[:min(len(text), 2*len(v))]); err != nil || n != len(v) || len(text) != 2*len(v) {
			return fmt.Errorf("trust: not a key's hash: want %d hexadecimal digits", 2*len(v))
		}
	}
	*h = v
	return nil
}
