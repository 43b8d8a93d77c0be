package verify

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"slices"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// Pinned verifies a server as v does, and if v does not accept it, by the hash of its
// key. A server with a certificate that verifies is not bound to its key (RFC 9525
// §6.6), unless exclusive is set.
//
// A server that neither v nor a key accepts is a violation with reason
// policy.ErrPinMismatch, which holds v's error.
func Pinned(v Verifier, keys []trust.KeyHash, exclusive bool) Verifier {
	return func(s tls.ConnectionState) Verdict {
		verdict := v(s)
		has := slices.Contains(keys, trust.HashKey(s.PeerCertificates[0]))
		switch {
		case !has && (verdict.Err != nil || exclusive):
			return Verdict{Err: &policy.Violation{Reason: policy.ErrPinMismatch, Err: verdict.Err}}
		case verdict.Err == nil:
			return verdict
		}
		return Verdict{Method: trust.Pinned}
	}
}

// StrongKeys refuses a server that v accepts if every chain of the verdict has a
// short RSA key below its root, and a server without chains if its own key is short. It is a
// Verifier, and not a VerifyPeerCertificate, because crypto/tls does not call the
// latter for a resumed session.
func StrongKeys(v Verifier) Verifier {
	return func(s tls.ConnectionState) Verdict {
		verdict := v(s)
		chains := verdict.Chains
		if chains == nil && verdict.Method != trust.None { // the key itself is trusted
			chains = [][]*x509.Certificate{s.PeerCertificates[:1]}
		}
		var weak *trust.WeakKeyError
		for _, chain := range chains {
			if weak = WeakKey(chain); weak == nil {
				return verdict
			}
		}
		if weak != nil && verdict.Err == nil {
			return Verdict{Err: Unverified(s, weak)}
		}
		return verdict
	}
}

// minRSABits is the shortest modulus that RFC 9325 §4.5 allows.
const minRSABits = 2048

// WeakKey returns an error for the first certificate below the root of chain that has
// an RSA key of fewer than 2048 bits, and nil if there is none. A chain of one
// certificate has no root.
func WeakKey(chain []*x509.Certificate) *trust.WeakKeyError {
	for _, cert := range chain[:max(len(chain)-1, 1)] {
		if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
			return &trust.WeakKeyError{Cert: cert, Bits: key.N.BitLen()}
		}
	}
	return nil
}
