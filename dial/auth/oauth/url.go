package oauth

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// checkHTTPS parses a URL of an issuer, which must be https, with a host, and
// without fragment or user.
func checkHTTPS(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || !visible(s):
		return nil, fmt.Errorf("%q is not a URL", wire.Printable(s))
	case u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		return nil, fmt.Errorf("%q is not an https URL", wire.Printable(s))
	case u.User != nil || strings.Contains(s, "#"):
		return nil, fmt.Errorf("%q has a user or a fragment", wire.Printable(s))
	}
	return u, nil
}

// visible reports whether s has only visible characters of ASCII.
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// checkRedirect returns what is wrong with a redirect URI, "" being none.
func checkRedirect(redirect string) error {
	if redirect == "" {
		return nil
	}
	u, err := url.Parse(redirect)
	switch {
	case err != nil || !visible(redirect):
		return fmt.Errorf("redirect %q is not a URL", wire.Printable(redirect))
	case u.Scheme != "http" || u.Host != "127.0.0.1" && u.Host != "[::1]":
		return fmt.Errorf("redirect %q is not http to 127.0.0.1 or [::1] without a port", wire.Printable(redirect))
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("redirect %q has more than a path", wire.Printable(redirect))
	}
	return nil
}
