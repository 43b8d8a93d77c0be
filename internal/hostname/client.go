package hostname

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
)

// CheckClient returns an error for a LocalName that cannot be the argument of EHLO.
func CheckClient(name string) error {
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

// Client returns the name of a client on a connection from the address local: name if it
// is set, else the host's name if that has a dot, else local as an address literal. If
// private is set, the host's name is not used, so that the server learns no more than the
// address that it sees anyway.
func Client(name string, local net.Addr, private bool) string {
	if name != "" {
		return name
	}
	if host, err := os.Hostname(); !private && err == nil && strings.Contains(host, ".") && valid(host) {
		return host
	}
	return AddressLiteral(local)
}

// AddressLiteral returns a TCP address in the form of RFC 5321 §4.1.3, and the loopback
// address for any other.
func AddressLiteral(addr net.Addr) string {
	ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if tcp, ok := addr.(*net.TCPAddr); ok {
		if a := tcp.AddrPort().Addr(); a.IsValid() {
			ip = a.Unmap().WithZone("")
		}
	}
	literal := make([]byte, 0, len("[IPv6:]")+39)
	literal = append(literal, '[')
	if ip.Is6() {
		literal = append(literal, "IPv6:"...)
	}
	return string(append(ip.AppendTo(literal), ']'))
}
