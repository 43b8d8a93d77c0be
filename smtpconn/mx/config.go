package mx

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/netguard"
)

// Rule is what the operator demands for a domain.
type Rule struct {
	// Level must be set.
	Level Level
	// Names are what the server's certificate may be for under Secure, beside the
	// domain itself. They have no effect under other levels.
	Names []string
}

// Config says how to deliver. The zero Config has a rule of DANE for all domains.
type Config struct {
	// Rules are by domain, ".parent" for all domains below it, and "" for the rest; the
	// most specific one counts. Without one for "" the rest has DANE. A rule for a
	// literal address, as "[192.0.2.1]", is for that address.
	Rules map[string]Rule

	// Policies keeps MTA-STS policies over restarts. nil keeps those in memory that were
	// used last, in 32 MiB, which lets an attacker who can block both the DNS and the web
	// of a domain after a restart switch them off (RFC 8461 §10.2).
	Policies PolicyStore

	// Fetched is told of each attempt to fetch a policy, with the policy of the domain that
	// counts after it, nil for none. An err beside a policy says that it was not fetched, or
	// not kept: it counts until its MaxAge is over. An operator wants to know of that long
	// before (RFC 8461 §10.2). It may be called by several goroutines at once. It may be nil.
	Fetched func(domain string, counts *Policy, err error)

	// Resolver answers all questions to the DNS. nil means the zero Resolver, which asks
	// the servers of resolv.conf. DANE needs one that validates and is trusted.
	Resolver *dns.Resolver

	// Dialer has the roots, LocalName, Timeout and hooks of the connections. Its Peers,
	// Pins, and a TLSConfig with a ServerName or a verification of its own are errors of
	// New. nil means the zero Dialer. Its NetDialer is given addresses, not names.
	Dialer *dial.Dialer

	// Transport fetches MTA-STS policies. nil means the system's roots and no proxy. One
	// that does not verify a server's name, has a DialTLS of the program's, or a Dial
	// without a DialContext, is an error of New.
	Transport *http.Transport

	// Self are this host's own names and addresses as an MX: a mail server must not
	// deliver to itself, nor to one less preferred (RFC 5321 §5.1).
	Self []string

	// Port is that of all MX hosts. Zero means 25.
	Port uint16

	// MaxHosts bounds how many addresses are tried for a message. Zero means 5; one
	// would be less than RFC 5321 §5.1 asks for, and means 2. The last of them is that of
	// another host if there is one, however many addresses the first has. If none of
	// these takes the message, for its size or for an extension that it needs, it is not
	// to be sent again, although there may be more addresses.
	MaxHosts int

	// Permit is asked before a connection to an address is made; an error forbids it. The
	// address has no zone, and is of IPv4 rather than mapped to IPv6. nil forbids loopback,
	// link-local, multicast and unspecified addresses.
	Permit func(netip.Addr) error

	// Session is told of each attempt, and of each host that was not used, by the
	// goroutine of the call. It may be nil.
	Session func(Session)
}

// Sender delivers to the mail servers of domains. Its methods may be called by many
// goroutines at once.
type Sender struct {
	cfg   Config
	dial  dial.Dialer
	rules rules
	self  map[string]bool // names and addresses
	guard netguard.Guard
	sts   policies
	calls calls
}

// New returns a Sender. It fails for a Config that contradicts itself.
func New(c Config) (*Sender, error) {
	s := &Sender{cfg: c, self: map[string]bool{}}
	if c.Dialer != nil {
		s.dial = *c.Dialer
	}
	err := cmp.Or(checkDialer(&s.dial), netguard.CheckTransport(c.Transport))
	if c.Policies == PolicyDir("") { // not the directory that the program happens to run in
		err = errors.New("a PolicyDir without a directory")
	}
	if err != nil {
		return nil, fmt.Errorf("mx: %w", err)
	}
	if s.rules, err = newRules(c.Rules); err != nil {
		return nil, err
	}
	for _, own := range c.Self {
		d, err := parseDomain(own)
		if err != nil {
			return nil, fmt.Errorf("mx: Self: %w", err)
		}
		s.self[d.String()] = true
	}
	s.complete()
	return s, nil
}

// complete fills in what the Config leaves open.
func (s *Sender) complete() {
	c := &s.cfg
	if c.Resolver == nil {
		c.Resolver = new(dns.Resolver)
	}
	if c.Permit == nil {
		c.Permit = netguard.PublicAddress
	}
	if c.Port == 0 {
		c.Port = 25
	}
	if c.MaxHosts <= 0 {
		c.MaxHosts = 5
	}
	c.MaxHosts = max(c.MaxHosts, 2)
	s.guard = netguard.Guard{Resolver: c.Resolver, Permit: c.Permit, Dial: netguard.Dialing(&s.dial)}
	s.sts.begin(c, &s.guard)
}

func checkDialer(d *dial.Dialer) error {
	switch {
	case d.Peers != nil:
		return errors.New("a Dialer with Peers: rules are what says how a server is verified")
	case len(d.Pins) > 0:
		return errors.New("a Dialer with Pins: rules are what says how a server is verified")
	case netguard.Unnamed(d.TLSConfig), d.TLSConfig != nil && d.TLSConfig.VerifyPeerCertificate != nil:
		return errors.New("a Dialer whose TLSConfig has InsecureSkipVerify, ServerName or VerifyPeerCertificate")
	}
	return nil
}

// rules are checked ones, by canonical name.
type rules map[string]Rule

func newRules(given map[string]Rule) (rules, error) {
	all := rules{"": {Level: DANE}}
	for key, rule := range given {
		if !rule.Level.Valid() {
			return nil, fmt.Errorf("mx: rule for %.64q: level %v", key, rule.Level)
		}
		parent, below := strings.CutPrefix(key, ".")
		name := ""
		if key != "" {
			d, err := parseDomain(parent)
			if err != nil || below && d.addr.IsValid() {
				return nil, fmt.Errorf("mx: rule for %.64q, which is not a domain", key)
			}
			name = strings.Repeat(".", len(key)-len(parent)) + d.String()
		}
		names := make([]string, len(rule.Names))
		for i, n := range rule.Names {
			canonical, err := dns.Canonical(n)
			if err != nil {
				return nil, fmt.Errorf("mx: rule for %.64q: %w", key, err)
			}
			names[i] = canonical
		}
		if _, again := all[name]; again && name != "" {
			return nil, fmt.Errorf("mx: two rules for %s", name)
		}
		all[name] = Rule{rule.Level, names}
	}
	return all, nil
}

// find returns the most specific rule for a domain, and its key.
func (r rules) find(d domain) (key string, rule Rule) {
	if rule, ok := r[d.String()]; ok {
		return d.String(), rule
	}
	for rest := d.name; rest != ""; {
		_, rest, _ = strings.Cut(rest, ".")
		if rule, ok := r["."+rest]; ok && rest != "" {
			return "." + rest, rule
		}
	}
	return "", r[""]
}
