package verify

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"time"

	"github.com/mailconn/mailconn/dial/trust"
)

// DANE returns a Verifier by TLSA records (RFC 7672 §3.1), of which only the usable count.
// A record of the server's own certificate vouches for it whatever else the certificate
// says; a server whose certificate an authority of the records has issued must have one
// of the names. A nil now is time.Now.
func DANE(records []trust.TLSA, names []string, now func() time.Time) Verifier {
	records = strongest(records)
	return func(s tls.ConnectionState) Verdict {
		for _, r := range records {
			if r.Usage == trust.UsageEE && matches(r, s.PeerCertificates[0]) {
				return Verdict{Method: trust.DANE, TLSA: &r}
			}
		}
		a := newAnchors(records, s.PeerCertificates)
		if len(a) == 0 {
			return Verdict{Err: unverified(s, trust.ErrTLSA)}
		}
		chains, err := a.verify(s.PeerCertificates, names, now)
		if err != nil {
			return Verdict{Err: unverified(s, err)}
		}
		return Verdict{Method: trust.DANE, Chains: chains, TLSA: a.vouches(chains)}
	}
}

// strongest returns the usable records without those of a weaker hash where there is a
// stronger one of the same usage and selector (RFC 7671 §9).
func strongest(records []trust.TLSA) []trust.TLSA {
	type kind struct{ usage, selector uint8 }
	best := map[kind]uint8{}
	usable := slices.DeleteFunc(slices.Clone(records), func(r trust.TLSA) bool { return r.Unusable() != nil })
	for _, r := range usable {
		k := kind{r.Usage, r.Selector}
		best[k] = max(best[k], r.Matching)
	}
	return slices.DeleteFunc(usable, func(r trust.TLSA) bool {
		return r.Matching != trust.MatchFull && r.Matching < best[kind{r.Usage, r.Selector}]
	})
}

// matches reports whether a usable record is of a certificate.
func matches(r trust.TLSA, cert *x509.Certificate) bool {
	part := cert.Raw
	if r.Selector == trust.SelectorKey {
		part = cert.RawSubjectPublicKeyInfo
	}
	switch r.Matching {
	case trust.MatchSHA256:
		sum := sha256.Sum256(part)
		part = sum[:]
	case trust.MatchSHA512:
		sum := sha512.Sum512(part)
		part = sum[:]
	}
	return bytes.Equal(part, r.Data)
}

// anchor is a certificate that a record of an authority vouches for.
type anchor struct {
	cert   *x509.Certificate
	record trust.TLSA
}

type anchors []anchor

// maxPresented bounds how many certificates of a server are compared with the records.
const maxPresented = 16

// newAnchors returns the anchors that the records make of what the server presents: the
// authorities that match (RFC 7671 §5.2), one that is in a record as a whole, and a
// certificate that a key in a record has signed (RFC 7671 §5.2.3).
func newAnchors(records []trust.TLSA, presented []*x509.Certificate) (all anchors) {
	presented = presented[:min(len(presented), maxPresented)]
	for _, r := range records {
		if r.Usage != trust.UsageTA {
			continue
		}
		for i, cert := range presented {
			if i > 0 && matches(r, cert) || signedByRecord(r, cert) {
				all = append(all, anchor{cert, r})
			}
		}
		if r.Matching == trust.MatchFull && r.Selector == trust.SelectorCert {
			if cert, err := x509.ParseCertificate(r.Data); err == nil {
				all = append(all, anchor{cert, r})
			}
		}
	}
	return all
}

// signedByRecord reports whether a record has the key of an authority that has signed a
// certificate. The certificate is taken for the anchor then, which [StrongKeys] and
// package x509 ask nothing of, so that its own key and signature are judged here.
func signedByRecord(r trust.TLSA, cert *x509.Certificate) bool {
	if r.Matching != trust.MatchFull || r.Selector != trust.SelectorKey {
		return false
	}
	sha1 := cert.SignatureAlgorithm == x509.SHA1WithRSA || cert.SignatureAlgorithm == x509.ECDSAWithSHA1
	if sha1 || WeakKey([]*x509.Certificate{cert}) != nil {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(r.Data)
	if err != nil {
		return false
	}
	signer := x509.Certificate{PublicKey: key}
	return signer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

// verify verifies the server's certificate with the anchors for roots, and its names.
func (a anchors) verify(presented []*x509.Certificate, names []string, now func() time.Time) ([][]*x509.Certificate, error) {
	options := x509.VerifyOptions{Roots: x509.NewCertPool()}
	for _, one := range a {
		options.Roots.AddCert(one.cert)
	}
	return verifyNames(presented, names, options, now)
}

// vouches returns the record at the end of the first chain.
func (a anchors) vouches(chains [][]*x509.Certificate) *trust.TLSA {
	last := chains[0][len(chains[0])-1]
	for _, one := range a {
		if one.cert.Equal(last) {
			return &one.record
		}
	}
	return nil
}
