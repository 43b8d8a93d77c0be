package dns

import (
	"io"
	"net/netip"
)

// WithConf returns a Resolver that reads another file in place of resolv.conf.
func WithConf(path string) *Resolver { return &Resolver{conf: path} }

// ReadConf returns the servers and the trust-ad option of a resolv.conf.
func ReadConf(r io.Reader) ([]netip.AddrPort, bool, error) {
	c, err := readConf(r)
	return c.servers, c.trustAD, err
}
