package endpoint

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/policy"
)

// Parse parses the URL of an endpoint, as dial.ParseEndpoint says. No error quotes a part
// of the URL that may be a password.
func Parse(url string) (Endpoint, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	if strings.Contains(url, "@") || strings.Contains(url, "%40") {
		return Endpoint{}, errors.New("endpoint has a user or a password in it; credentials belong in Options.Auth")
	}
	if !ok {
		return Endpoint{}, errors.New("endpoint is not a URL such as imaps://mail.example.org")
	}
	e, err := parseScheme(scheme)
	if err != nil {
		return Endpoint{}, err
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && rest[i:] != "/" {
		return Endpoint{}, errors.New("endpoint has a path, a query or a fragment after host and port")
	}
	host, port, err := splitHostPort(strings.TrimSuffix(rest, "/"))
	if err != nil {
		return Endpoint{}, fmt.Errorf("endpoint: %w", err)
	}
	if e.Host, err = hostname.Normal(host); err != nil {
		return Endpoint{}, fmt.Errorf("endpoint: %w", err)
	}
	e.Port = port
	return e, nil
}

func parseScheme(scheme string) (Endpoint, error) {
	name, how, plus := strings.Cut(strings.ToLower(scheme), "+")
	for p := policy.IMAP; p.Valid(); p++ {
		switch {
		case name == p.String()+"s" && !plus:
			return Endpoint{Protocol: p, Policy: policy.ImplicitTLS}, nil
		case name != p.String():
			continue
		}
		switch {
		case !plus, how == "starttls":
			return Endpoint{Protocol: p, Policy: policy.RequiredSTARTTLS}, nil
		case how == "opportunistic":
			return Endpoint{Protocol: p, Policy: policy.OpportunisticSTARTTLS}, nil
		case how == "plain":
			return Endpoint{Protocol: p, Policy: policy.NoTLS}, nil
		}
	}
	var known []string
	for p := policy.IMAP; p.Valid(); p++ {
		known = append(known, p.String()+"s", p.String())
	}
	return Endpoint{}, fmt.Errorf("unknown scheme %.64q: want one of %s; those without the s may end in +starttls, +opportunistic or +plain",
		scheme, strings.Join(known, ", "))
}

// splitHostPort splits host[:port] or [ipv6][:port]. Without a port it returns 0.
func splitHostPort(s string) (host string, port uint16, err error) {
	var rest string
	if inside, ok := strings.CutPrefix(s, "["); ok {
		if host, rest, ok = strings.Cut(inside, "]"); !ok || !strings.Contains(host, ":") {
			return "", 0, errors.New("brackets without an IPv6 address in them")
		}
		host = strings.Replace(host, "%25", "%", 1) // RFC 6874
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		host, rest = s[:i], s[i:]
	} else {
		host = s
	}
	if rest == "" {
		return host, 0, nil
	}
	digits, ok := strings.CutPrefix(rest, ":")
	n, err := strconv.ParseUint(digits, 10, 16)
	if !ok || err != nil || n == 0 {
		// Not quoted: in "user:password" without a host it is the password.
		return "", 0, errors.New("bad port: want 1 to 65535, and an IPv6 address in brackets")
	}
	return host, uint16(n), nil
}

// scheme returns the shortest scheme for e's protocol and policy.
func (e Endpoint) scheme() string {
	p := e.Protocol.String()
	switch e.Policy {
	case policy.RequiredSTARTTLS:
		return p
	case policy.ImplicitTLS:
		return p + "s"
	case policy.OpportunisticSTARTTLS:
		return p + "+opportunistic"
	case policy.NoTLS:
		return p + "+plain"
	}
	return p + "+" + e.Policy.String()
}

// String returns e as a URL that [Parse] parses, with the port if it is set.
func (e Endpoint) String() string {
	host := e.Host
	if strings.Contains(host, ":") {
		host = "[" + strings.Replace(host, "%", "%25", 1) + "]"
	}
	if e.Port != 0 {
		host += ":" + strconv.Itoa(int(e.Port))
	}
	return e.scheme() + "://" + host
}
