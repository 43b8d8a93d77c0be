// Package hostname brings the names of mail servers into their canonical form, and chooses
// the name that a client gives to a server.
package hostname

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/mailconn/mailconn/internal/wire"
)

// Normal returns a host name as A-labels in lower case without the root's dot
// (RFC 5890), or an IP address in its canonical form, which for one of IPv4 inside IPv6
// is that of IPv4. An error quotes host, unless host may hold a password.
func Normal(host string) (string, error) {
	if strings.Contains(host, "@") {
		return "", errors.New("host has an @ in it: credentials belong in Options.Auth")
	}
	if ip, ok := addr(host); ok {
		if strings.Trim(ip.Zone(), zoneCharacters) != "" {
			return "", fmt.Errorf("host %q: not a valid IPv6 zone", host)
		}
		return ip.Unmap().String(), nil
	}
	name := strings.TrimSuffix(host, ".")
	switch {
	case name == "":
		return "", errors.New("no host")
	case strings.Contains(name, ":"):
		return "", fmt.Errorf("host %.256q: not a name or an IP address (the port has a field of its own)", host)
	}
	name, err := ToASCII(name)
	if err != nil {
		return "", fmt.Errorf("host %.256q: not a valid international name", host)
	}
	switch {
	case !valid(name):
		return "", fmt.Errorf("host %.256q: not a valid name", host)
	case IsNumber(name):
		return "", fmt.Errorf("host %.256q: an address or a number, not a name", host)
	}
	return strings.ToLower(name), nil
}

// maxUnicode bounds the bytes of a name that is turned into A-labels, since the work grows
// with the square of a label's length. A character takes at most four bytes in UTF-8, and
// at least one of the 253 that a name may have as A-labels.
const maxUnicode = 4 * 253

// ToASCII returns a name as A-labels (RFC 5890); one in ASCII stays as it is.
func ToASCII(name string) (string, error) {
	switch {
	case wire.IsASCII(name):
		return name, nil
	case len(name) > maxUnicode:
		return "", errors.New("too long for a name")
	case strings.ContainsRune(name, utf8.RuneError): // which is also what invalid UTF-8 reads as
		return "", errors.New("not valid UTF-8")
	}
	return idna.Lookup.ToASCII(name)
}

// addr returns the IP address that host is, and whether it is one.
func addr(host string) (netip.Addr, bool) {
	if host == "" || !strings.Contains(host, ":") && (host[len(host)-1] < '0' || host[len(host)-1] > '9') {
		return netip.Addr{}, false // an address of IPv4 ends in a digit
	}
	ip, err := netip.ParseAddr(host)
	return ip, err == nil
}

// IsNumber reports whether all labels of a name in ASCII are numbers. It is no name
// (RFC 1123 §2.1) and no address for package netip, but C libraries read some of them as
// one: 127.1, 0x7f.1 and 2130706433 are all 127.0.0.1 there.
func IsNumber(name string) bool {
	for label := range strings.SplitSeq(strings.ToLower(name), ".") {
		hex, isHex := strings.CutPrefix(label, "0x")
		if strings.Trim(label, "0123456789") != "" && (!isHex || strings.Trim(hex, "0123456789abcdef") != "") {
			return false
		}
	}
	return true
}

// zoneCharacters are those of the name of a network interface, as far as a URL can
// hold it (RFC 6874 §2).
const zoneCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

// valid reports whether s is a host name in ASCII. The underscore is not of
// RFC 1123, but found in internal networks.
func valid(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i] | 0x20; (c < 'a' || c > 'z') && (label[i] < '0' || label[i] > '9') && label[i] != '-' && label[i] != '_' {
				return false
			}
		}
	}
	return true
}
