// Package binding makes channel bindings, which tie an authentication to the TLS
// connection over which it takes place.
package binding

import (
	"crypto"
	_ "crypto/sha256" // for Hash.New
	_ "crypto/sha512"
	"crypto/tls"
	"crypto/x509"

	"github.com/xdg-go/scram"
)

// exporterLabel and exporterLength are those of RFC 9266 §2.
const (
	exporterLabel  = "EXPORTER-Channel-Binding"
	exporterLength = 32
)

// Of returns the channel binding for a TLS connection. Its Type is empty if there is
// none.
//
// In TLS 1.3 it is tls-exporter (RFC 9266), since tls-unique is not defined there. In
// TLS 1.2 it is tls-unique, which servers support there (RFC 5802 §6.1), if the handshake
// used the extended master secret, without which it is not secure (RFC 7627 §1).
// Otherwise it is tls-server-end-point, the hash of the certificate, which at least
// detects a certificate that is not the server's.
func Of(state *tls.ConnectionState) scram.ChannelBinding {
	if state == nil {
		return scram.ChannelBinding{}
	}
	// Without the extended master secret crypto/tls exports nothing.
	exported, err := state.ExportKeyingMaterial(exporterLabel, nil, exporterLength)
	switch {
	case err == nil && state.Version >= tls.VersionTLS13:
		return scram.ChannelBinding{Type: scram.ChannelBindingTLSExporter, Data: exported}
	case err == nil && len(state.TLSUnique) > 0:
		return scram.NewTLSUniqueBinding(state.TLSUnique)
	}
	return endPoint(state.PeerCertificates)
}

// endPoint is tls-server-end-point (RFC 5929 §4.1). It is not defined for
// certificates whose signature has no hash of its own, as Ed25519's.
func endPoint(chain []*x509.Certificate) scram.ChannelBinding {
	if len(chain) == 0 {
		return scram.ChannelBinding{}
	}
	hash := endPointHash(chain[0].SignatureAlgorithm)
	if hash == 0 {
		return scram.ChannelBinding{}
	}
	h := hash.New()
	h.Write(chain[0].Raw)
	return scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: h.Sum(nil)}
}

// endPointHash returns the hash function of a certificate's signature, SHA-256 in place
// of MD5 and SHA-1, and 0 if there is none.
func endPointHash(a x509.SignatureAlgorithm) crypto.Hash {
	switch a {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256, x509.DSAWithSHA256:
		return crypto.SHA256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return crypto.SHA512
	}
	return 0
}
