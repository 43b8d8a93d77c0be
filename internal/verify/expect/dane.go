package expect

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/verify"
)

// ErrTLSA is in the chain of the error for a server whose certificate no usable TLSA
// record matches.
var ErrTLSA = errors.New("no TLSA record matches the certificate")

// ByTLSA expects a server that TLSA records vouch for (RFC 7672 §3.1), of which only the
// usable count. A record of the server's own certificate vouches for it whatever else the
// certificate says; a server whose certificate an authority of the records has issued must
// have one of the names. note is told the record that vouches, before the key of the
// server is judged.
func ByTLSA(records []dns.TLSA, names []string, note func(dns.TLSA)) verify.Expectation {
	records = strongest(records)
	return func(cfg *tls.Config) verify.Verifier {
		return func(s tls.ConnectionState) verify.Verdict {
			for _, r := range records {
				if r.Usage == dns.UsageEE && matches(r, s.PeerCertificates[0]) {
					note(r)
					return verify.Verdict{Method: trust.DANE}
				}
			}
			a := newAnchors(records, s.PeerCertificates)
			if len(a) == 0 {
				return verify.Verdict{Err: verify.Unverified(s, ErrTLSA)}
			}
			v := named(s, names, a.config(cfg))
			if v.Err == nil {
				v.Method = trust.DANE
				note(a.vouches(v.Chains))
			}
			return v
		}
	}
}

// strongest returns the usable records without those of a weaker hash where there is a
// stronger one of the same usage and selector (RFC 7671 §9).
func strongest(records []dns.TLSA) []dns.TLSA {
	type kind struct{ usage, selector uint8 }
	best := map[kind]uint8{}
	usable := slices.DeleteFunc(slices.Clone(records), func(r dns.TLSA) bool { return r.Unusable() != nil })
	for _, r := range usable {
		k := kind{r.Usage, r.Selector}
		best[k] = max(best[k], r.Matching)
	}
	return slices.DeleteFunc(usable, func(r dns.TLSA) bool {
		return r.Matching != dns.MatchFull && r.Matching < best[kind{r.Usage, r.Selector}]
	})
}

// matches reports whether a usable record is of a certificate.
func matches(r dns.TLSA, cert *x509.Certificate) bool {
	part := cert.Raw
	if r.Selector == dns.SelectorKey {
		part = cert.RawSubjectPublicKeyInfo
	}
	switch r.Matching {
	case dns.MatchSHA256:
		sum := sha256.Sum256(part)
		part = sum[:]
	case dns.MatchSHA512:
		sum := sha512.Sum512(part)
		part = sum[:]
	}
	return bytes.Equal(part, r.Data)
}

// anchor is a certificate that a record of an authority vouches for.
type anchor struct {
	cert   *x509.Certificate
	record dns.TLSA
}

type anchors []anchor

// Limits on the work that records can cause: how many certificates of a server are
// compared with them, how many signatures are checked with keys in them, and the bits of an
// RSA key in them, which is crypto/tls' own limit for what a server presents.
const (
	maxPresented  = 16
	maxSignatures = 64
	maxRSABits    = 8192
)

// newAnchors returns the anchors that the records make of what the server presents: the
// authorities that match (RFC 7671 §5.2), one that is in a record as a whole, and a
// certificate that a key in a record has signed (RFC 7671 §5.2.3).
func newAnchors(records []dns.TLSA, presented []*x509.Certificate) (all anchors) {
	presented = presented[:min(len(presented), maxPresented)]
	signatures := 0
	for _, r := range records {
		if r.Usage != dns.UsageTA {
			continue
		}
		signer := signerOf(r)
		for i, cert := range presented {
			matched := i > 0 && matches(r, cert)
			if !matched && signer != nil && signatures < maxSignatures {
				signatures++
				matched = signedBy(signer, cert)
			}
			if matched {
				all = append(all, anchor{cert, r})
			}
		}
		if r.Matching == dns.MatchFull && r.Selector == dns.SelectorCert {
			if cert, err := x509.ParseCertificate(r.Data); err == nil && !tooLong(cert.PublicKey) {
				all = append(all, anchor{cert, r})
			}
		}
	}
	return all
}

// signerOf returns an authority of which a record has the key and nothing else, nil for
// other records.
func signerOf(r dns.TLSA) *x509.Certificate {
	if r.Matching != dns.MatchFull || r.Selector != dns.SelectorKey {
		return nil
	}
	key, err := x509.ParsePKIXPublicKey(r.Data)
	if err != nil || tooLong(key) {
		return nil
	}
	return &x509.Certificate{PublicKey: key}
}

// signedBy reports whether a key in a record has signed a certificate. The certificate is
// taken for the anchor then, which [verify.StrongKeys] and package x509 ask nothing of, so
// that its own key and signature are judged here.
func signedBy(signer, cert *x509.Certificate) bool {
	sha1 := cert.SignatureAlgorithm == x509.SHA1WithRSA || cert.SignatureAlgorithm == x509.ECDSAWithSHA1
	if sha1 || verify.WeakKey([]*x509.Certificate{cert}) != nil {
		return false
	}
	return signer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

// tooLong reports whether a key in a record costs more than it may.
func tooLong(key any) bool {
	k, ok := key.(*rsa.PublicKey)
	return ok && k.N.BitLen() > maxRSABits
}

// config returns cfg with the anchors for roots.
func (a anchors) config(cfg *tls.Config) *tls.Config {
	cfg = cfg.Clone()
	cfg.RootCAs = x509.NewCertPool()
	for _, one := range a {
		cfg.RootCAs.AddCert(one.cert)
	}
	return cfg
}

// vouches returns the record at the end of the first chain.
func (a anchors) vouches(chains [][]*x509.Certificate) dns.TLSA {
	last := chains[0][len(chains[0])-1]
	i := slices.IndexFunc(a, func(one anchor) bool { return one.cert.Equal(last) })
	return a[i].record // every chain ends at an anchor
}
