package binding

import (
	"crypto"
	"crypto/x509"
)

// EndPointHash is what it is inside.
func EndPointHash(a x509.SignatureAlgorithm) crypto.Hash { return endPointHash(a) }
