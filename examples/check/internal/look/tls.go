package look

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// handshake says what TLS came to.
func handshake(s dial.Security, now time.Time) *report.TLS {
	t := &report.TLS{
		Version: tls.VersionName(s.TLS.Version), Suite: tls.CipherSuiteName(s.TLS.CipherSuite),
		ALPN: s.TLS.NegotiatedProtocol, ServerName: s.ServerName, Verified: s.Verified.String(),
	}
	if s.TLS.CurveID != 0 { // RSA key exchange has none
		t.KeyExchange = s.TLS.CurveID.String()
		t.PostQuantum = strings.Contains(t.KeyExchange, "MLKEM")
	}
	if chains := s.TLS.VerifiedChains; len(chains) > 0 {
		t.Root = clip(chains[0][len(chains[0])-1].Subject.String())
		t.GoodUntil = goodUntil(chains).UTC()
		t.DaysLeft = daysBetween(now, t.GoodUntil)
	}
	return t
}

// goodUntil returns when the last of some chains ends. A certificate that a server sends, and
// that no chain needs, may expire before.
func goodUntil(chains [][]*x509.Certificate) (last time.Time) {
	for _, chain := range chains {
		first := slices.MinFunc(chain, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
		if first.NotAfter.After(last) {
			last = first.NotAfter
		}
	}
	return last
}

// presented returns the chain that did not verify, if that is why there is no connection.
func presented(err error) []*x509.Certificate {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		return bad.UnverifiedCertificates
	}
	return nil
}

// maxChain bounds how many certificates are kept.
const maxChain = 10

func certificates(chain []*x509.Certificate, now time.Time) (all []report.Certificate) {
	for _, c := range chain[:min(len(chain), maxChain)] {
		names := c.DNSNames
		for _, ip := range c.IPAddresses {
			names = append(names, ip.String())
		}
		all = append(all, report.Certificate{
			Names: clipAll(names), Subject: clip(c.Subject.String()), Issuer: clip(c.Issuer.String()),
			Key: keyOf(c), KeyHash: trust.HashKey(c).String(),
			NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), DaysLeft: daysBetween(now, c.NotAfter),
		})
	}
	return all
}

// daysBetween returns how many whole days lie between two times; it is below zero as soon
// as the second has passed.
func daysBetween(from, to time.Time) int {
	const day = 24 * time.Hour
	days := int(to.Sub(from) / day)
	if to.Before(from) {
		days--
	}
	return days
}

func keyOf(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return c.PublicKeyAlgorithm.String()
}
