package hostname

import (
	"crypto/x509"

	"github.com/mailconn/mailconn/internal/wire"
)

// Claimed returns the names that the first certificate of chain claims, made printable. Those
// in its common name do not count (RFC 9525 §2).
func Claimed(chain []*x509.Certificate) (names []string) {
	if len(chain) == 0 {
		return nil
	}
	for _, name := range chain[0].DNSNames {
		names = append(names, wire.Printable(name))
	}
	for _, ip := range chain[0].IPAddresses {
		names = append(names, ip.String())
	}
	return names
}
