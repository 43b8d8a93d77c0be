package binding_test

import (
	"crypto"
	"crypto/x509"
	"testing"

	"github.com/mailconn/mailconn/internal/binding"
)

// RFC 5929 §4.1
func TestEndPointHash(t *testing.T) {
	for a, want := range map[x509.SignatureAlgorithm]crypto.Hash{
		x509.MD5WithRSA: crypto.SHA256, x509.SHA1WithRSA: crypto.SHA256, x509.ECDSAWithSHA1: crypto.SHA256,
		x509.SHA256WithRSA: crypto.SHA256, x509.SHA384WithRSAPSS: crypto.SHA384, x509.ECDSAWithSHA512: crypto.SHA512,
		x509.PureEd25519: 0, x509.UnknownSignatureAlgorithm: 0,
	} {
		if got := binding.EndPointHash(a); got != want {
			t.Errorf("%v: %v, want %v", a, got, want)
		}
	}
}
