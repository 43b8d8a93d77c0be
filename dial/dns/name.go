package dns

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/internal/wire"
)

// Canonical returns a domain name in the form in which this package asks for it
// and hands it on: A-labels (RFC 5890), lower case, without the root's dot.
// Labels are of letters, digits, hyphens and underscores; other names are an
// error, and so are the empty one, those that are too long (RFC 1035 §2.3.4), and
// those whose labels are all numbers, such as IPv4 addresses (RFC 1123 §2.1).
func Canonical(name string) (string, error) {
	ascii := strings.TrimSuffix(name, ".")
	if !wire.IsASCII(ascii) {
		var err error
		if ascii, err = toASCII(ascii); err != nil {
			return "", fmt.Errorf("%.64q is not a valid international name", name)
		}
	}
	switch {
	case ascii == "":
		return "", errors.New("no name")
	case len(ascii) > 253:
		return "", errors.New("name longer than 253 bytes")
	}
	ascii = strings.ToLower(ascii)
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", fmt.Errorf("%.64q is not a valid name", name)
		}
	}
	if hostname.IsNumber(ascii) {
		return "", fmt.Errorf("%.64q is an address or a number, not a name", name)
	}
	return ascii, nil
}

// toASCII turns a name into A-labels. The labels in front that begin with an
// underscore are not of a host name (RFC 8552 §1), and stay as they are.
func toASCII(name string) (string, error) {
	host := name
	for strings.HasPrefix(host, "_") {
		_, host, _ = strings.Cut(host, ".")
	}
	ascii, err := hostname.ToASCII(host)
	return strings.TrimSuffix(strings.TrimSuffix(name, host)+ascii, "."), err
}

// plain returns a name of an answer in the form of [Canonical], but with
// whatever bytes the server has put into it.
func plain(n dnsmessage.Name) string {
	b := bytes.Clone(n.Data[:n.Length])
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(bytes.TrimSuffix(b, []byte(".")))
}
