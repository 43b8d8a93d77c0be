package discover

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/netguard"
	"github.com/mailconn/mailconn/policy"
)

// Options says which sources [Find] asks, and how. A nil *Options is the zero Options,
// which asks only the domain itself.
type Options struct {
	// Resolver answers all questions to the DNS, those for the addresses of web
	// and mail servers included. nil means the zero Resolver, which asks the
	// servers of resolv.conf.
	Resolver *dns.Resolver

	// Transport fetches documents over HTTPS. nil means the system's roots and no
	// proxy. It is cloned, and its connections end with the call. A TLSClientConfig
	// that does not verify the server's name, and a DialTLS or DialTLSContext, are an
	// error, since a proof would be worth nothing. So is a Dial without a DialContext,
	// since it cannot be interrupted. If there is a Proxy, Permit is asked about the
	// address of the proxy, and the proxy decides where it connects to.
	Transport *http.Transport

	// Dialer connects to servers that are guessed, with its TLSConfig, NetDialer and
	// LocalName. nil means the zero Dialer. A TLSConfig that does not verify the
	// server's name is an error.
	Dialer *dial.Dialer

	// ISPDB is the URL of a public table of mail providers in the form of
	// autoconfig, to which a domain is appended. Its operator learns the domain of
	// the address and that of its MX, and never the address. Empty asks no third
	// party.
	ISPDB string

	// Providers is the program's own table of mail providers, by their MX.
	Providers []Provider

	// TellAddress puts the whole address into the query to autoconfig.DOMAIN, for
	// providers whose answer depends on it. Otherwise no server learns more than
	// the domain.
	TellAddress bool

	// Permit is called before a connection to an address is made, by several
	// goroutines at once. If it returns an error, the connection is not made. The
	// address has no zone, and is never an IPv4 address mapped to IPv6. nil means
	// [PublicAddress]. A service that lets strangers type mail addresses should also
	// forbid its own networks.
	Permit func(netip.Addr) error

	// Timeout bounds each source, and the guesses that may follow. Zero or less
	// means 5 seconds.
	Timeout time.Duration
}

// Provider is a mail provider in a program's own table.
type Provider struct {
	MX        string          // a domain: it and all below it are MX hosts of the provider
	Endpoints []dial.Endpoint // its servers, the best first
	Auth      []Method        // ways to log in, the best first
	Issuer    string          // https URL of its OAuth issuer; empty if it has none
}

// ErrNotPermitted is in the chain of an error for an address that [Options.Permit]
// forbids. The error that Permit returned is in the chain, too.
var ErrNotPermitted = netguard.ErrNotPermitted

// PublicAddress is an error for addresses that are of this host or of the link,
// or of no host at all: loopback, link-local, multicast and unspecified ones, also
// inside an address of NAT64 (RFC 6052) or 6to4 (RFC 3056). Private addresses
// (RFC 1918, RFC 4193) pass, as in-house mail servers have them.
func PublicAddress(a netip.Addr) error { return netguard.PublicAddress(a) }

// NetDialer returns a dialer that asks o.Resolver for the addresses of a host, and
// connects only to those that o.Permit permits. In a [dial.Dialer] it applies the same
// rule to connections that are made after discovery.
func (o *Options) NetDialer() dial.NetDialer {
	if o == nil {
		o = new(Options)
	}
	g := &netguard.Guard{Resolver: o.Resolver, Permit: o.Permit, Dial: netguard.Dialing(o.Dialer)}
	if g.Resolver == nil {
		g.Resolver = new(dns.Resolver)
	}
	if g.Permit == nil {
		g.Permit = PublicAddress
	}
	return g
}

// check returns an error if a field of o is not valid. It does no I/O.
func (o *Options) check() error {
	if err := netguard.CheckTransport(o.Transport); err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	if o.Dialer != nil && netguard.Unnamed(o.Dialer.TLSConfig) {
		return errors.New("discover: Dialer does not verify servers by their names")
	}
	if o.ISPDB != "" {
		u, err := url.Parse(o.ISPDB)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("discover: ISPDB is not an https URL without user, query and fragment")
		}
	}
	for _, p := range o.Providers {
		if _, err := dns.Canonical(p.MX); err != nil {
			return fmt.Errorf("discover: Providers: %w", err)
		}
		for _, e := range p.Endpoints {
			if err := e.Validate(); err != nil || weak(e.Policy) || e.Protocol == policy.SMTP {
				return fmt.Errorf("discover: Providers: %v is not an endpoint for IMAP, POP3 or submission with TLS", e)
			}
		}
	}
	return nil
}

// timeout returns a context for one source.
func (o *Options) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := o.Timeout
	if limit <= 0 {
		limit = 5 * time.Second
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer in %v", limit))
}
