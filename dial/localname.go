package dial

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
)

// checkLocalName refuses what cannot stand behind EHLO.
func checkLocalName(name string) error {
	if len(name) > 255 {
		return errors.New("LocalName is longer than 255 bytes")
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return errors.New("LocalName has a blank, a control or a non-ASCII character in it")
		}
	}
	return nil
}

// ehloName returns what EHLO says over a connection from local. A private name
// tells nothing about the host but its address, which the server sees anyway.
func (d *Dialer) ehloName(local net.Addr, private bool) string {
	if d.LocalName != "" {
		return d.LocalName
	}
	if host, err := os.Hostname(); !private && err == nil && isQualified(host) {
		return host
	}
	return addressLiteral(local)
}

func isQualified(host string) bool {
	return strings.Contains(host, ".") && isName(host)
}

// addressLiteral returns the form of RFC 5321 §4.1.3.
func addressLiteral(addr net.Addr) string {
	ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if tcp, ok := addr.(*net.TCPAddr); ok {
		if a := tcp.AddrPort().Addr(); a.IsValid() {
			ip = a.Unmap().WithZone("")
		}
	}
	if ip.Is6() {
		return "[IPv6:" + ip.String() + "]"
	}
	return "[" + ip.String() + "]"
}
