package discover

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/mailconn/mailconn/dial/dns"
)

// ErrAddress is in the chain of the error of [Find] for an argument that is not a mail
// address with a domain.
var ErrAddress = errors.New("not a mail address")

const maxAddress = 254 // bytes (RFC 5321 §4.5.3.1.3, without the angle brackets)

var errTooLong = fmt.Errorf("discover: %w: longer than %d bytes", ErrAddress, maxAddress)

// mailbox is a mail address.
type mailbox struct {
	local  string // as it was given, quotes and all
	domain string // as A-labels
}

// parseAddress parses an address. It leaves the local part as it is, since only the
// address's own server knows what that means.
func parseAddress(address string) (m mailbox, err error) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return m, fmt.Errorf("discover: %w: %.64q has no @", ErrAddress, address)
	}
	local, domain := address[:at], address[at+1:]
	switch {
	case len(address) > maxAddress:
		return m, errTooLong
	case !isLocalPart(local):
		return m, fmt.Errorf("discover: %w: %.64q has no valid local part", ErrAddress, address)
	case strings.HasPrefix(domain, "["):
		return m, fmt.Errorf("discover: %w: %.64q has an IP address, and no domain to ask", ErrAddress, address)
	}
	if domain, err = dns.Canonical(domain); err != nil {
		return m, fmt.Errorf("discover: %w: %w", ErrAddress, err)
	}
	if m = (mailbox{local, domain}); len(m.String()) > maxAddress { // A-labels may be longer than what was given
		return mailbox{}, errTooLong
	}
	return m, nil
}

// isLocalPart reports whether s is a dot-string or a quoted string, perhaps with
// UTF-8 in it (RFC 5321 §4.1.2, RFC 6531 §3.3).
func isLocalPart(s string) bool {
	if s == "" || len(s) > 64 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return false
	}
	if s[0] == '"' {
		return len(s) > 2 && s[len(s)-1] == '"'
	}
	return !strings.ContainsAny(s, ` "(),:;<>@[\]`) && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

func (m mailbox) String() string { return m.local + "@" + m.domain }

// users returns the names to log in with at a server for which the sources name none:
// the whole address, with an international domain in both its forms, then the local
// part (RFC 6186 §4).
func (m mailbox) users() []string {
	users := []string{m.String()}
	if u, err := idna.Lookup.ToUnicode(m.domain); err == nil && u != m.domain {
		users = append(users, m.local+"@"+u)
	}
	return append(users, m.local)
}

// owns reports whether a host's name is the domain of the address or below it. Below a
// domain of one label nothing is: the names there belong to others.
func (m mailbox) owns(host string) bool {
	return host == m.domain || strings.Contains(m.domain, ".") && strings.HasSuffix(host, "."+m.domain)
}
