package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
)

// KeyHash is the SHA-256 hash of the public key of a certificate (its
// SubjectPublicKeyInfo in DER). It stays the same if a certificate is renewed with the
// same key. The zero value stands for no key. It is not the fingerprint of the
// certificate, which many programs show. The operator of a server gets it from the
// file of the certificate with
//
//	openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum
type KeyHash [sha256.Size]byte

// HashKey returns the hash of the public key of cert.
func HashKey(cert *x509.Certificate) KeyHash {
	return sha256.Sum256(cert.RawSubjectPublicKeyInfo)
}

// IsZero reports whether h is zero, which stands for no key.
func (h KeyHash) IsZero() bool { return h == KeyHash{} }

// String returns h in hexadecimal, and "" for the zero value.
func (h KeyHash) String() string {
	if h.IsZero() {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// MarshalText returns h in hexadecimal, and an empty text for the zero value.
func (h KeyHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText sets h to the hash in text, as MarshalText returns it. On error it
// leaves h unchanged.
func (h *KeyHash) UnmarshalText(text []byte) error {
	var v KeyHash
	if len(text) > 0 {
		if _, err := hex.Decode(v[:], text[:min(len(text), 2*len(v))]); err != nil || len(text) != 2*len(v) {
			return fmt.Errorf("trust: not a key's hash: want %d hexadecimal digits", 2*len(v))
		}
	}
	*h = v
	return nil
}
