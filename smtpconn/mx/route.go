package mx

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/mailconn/mailconn/dial/dns"
)

// Route is what would be done with mail for a domain, and why.
type Route struct {
	Domain string // as A-labels; an address stands in brackets
	Rule   string // the key in Config.Rules of the rule that counts, "" for the rest
	Level  Level  // of that rule
	// Secure reports that signed records have named the hosts, or said that there are no
	// MX records; if not, Why says why not.
	Secure bool
	Why    string
	// Policy is the MTA-STS policy of the domain; nil if it has none, or if the rule does
	// not ask for it. PolicyErr is why nothing newer than Policy could be had.
	Policy    *Policy
	PolicyErr error
	// Hosts are in the order in which they are tried. Those that are not used have an Err.
	Hosts []Host
	// Odd is what is wrong with records that were not used, printable.
	Odd []string
	// More is how many hosts were not looked up, as there are enough before them, or those
	// before them took too long.
	More int
}

// Host is a mail server of a domain, and what a connection to it must have.
type Host struct {
	Name       string       // as MX records have it; the domain itself without such records
	Preference uint16       // the smaller the better
	Addrs      []netip.Addr // at most 16, in the order in which they are tried
	Chain      []string     // the names that Name is an alias of
	Secure     bool         // the DNS vouches for the addresses

	TLSA     []dns.TLSA // records of the host, also those that cannot be used
	TLSAName string     // whose they are: Name, or the end of Chain

	Demand     Demand   // what a connection must have
	Names      []string // that the certificate may be for, where Demand is ByTLSA or ByName
	ServerName string   // what the server is told that it is called
	Why        string   // why Demand is what it is
	// Untrue is why an MTA-STS policy in mode testing would refuse the host, as far as that
	// is known without a connection.
	Untrue error
	Err    error // why the host is not used; nil if it is
}

// maxLookups bounds how many hosts are looked up for a message.
const maxLookups = 10

// Look says what [Sender.Send] would do with mail for a domain, without a connection to a
// mail server. domain is what stands behind the @ of an address.
//
// It returns an [*Error] if there is no host for the mail. If there are hosts that must not
// be used, it returns no error: see Host.Err.
func (s *Sender) Look(ctx context.Context, domain string) (*Route, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	d, err := parseDomain(domain)
	if err != nil {
		return nil, fmt.Errorf("mx: %w", err)
	}
	if err := s.calls.enter(); err != nil {
		return nil, err
	}
	defer s.calls.group.Done()
	return s.route(ctx, d)
}

func (s *Sender) route(ctx context.Context, d domain) (*Route, error) {
	key, rule := s.rules.find(d)
	r := &Route{Domain: d.String(), Rule: key, Level: rule.Level}
	f := &facts{rule: rule, domain: d}
	var err error
	if d.addr.IsValid() {
		r.literal(f)
		err = s.withoutOwn(r)
	} else {
		err = s.look(ctx, r, f)
	}
	var failed *Error
	if errors.As(err, &failed) {
		failed.Domain, failed.Level = r.Domain, r.Level
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// literal makes the route to an address.
func (r *Route) literal(f *facts) {
	h := Host{Name: f.domain.addr.String(), Addrs: []netip.Addr{f.domain.addr}, Why: "an address"}
	f.decide(&h)
	r.Why, r.Hosts = "an address", []Host{h}
}

// look makes the route to a name.
func (s *Sender) look(ctx context.Context, r *Route, f *facts) error {
	x, err := s.exchange(ctx, f.domain.name)
	if err != nil {
		return err
	}
	r.Secure, r.Why, r.Odd = x.secure, x.why, x.odd
	f.names, f.mxSecure = x.names, x.secure
	if f.rule.Level == DANE {
		f.policy, r.PolicyErr = s.sts.find(ctx, f.domain.name)
		r.Policy = f.policy.copy()
		var unread *storeError
		if errors.As(r.PolicyErr, &unread) {
			return &Error{Status: [3]int{4, 3, 0}, Err: unread}
		}
	}
	if err := s.hosts(ctx, r, f, x.targets); err != nil {
		return err
	}
	if newer := s.outOfPolicy(ctx, r); newer != nil { // RFC 8461 §5.1: it may name the hosts
		f.policy, r.Policy = newer, newer.copy()
		r.Hosts, r.More = nil, 0
		return s.hosts(ctx, r, f, x.targets)
	}
	return nil
}

// hosts looks up targets until there are enough addresses, or until those behind one that
// can be used have taken too long: their DNS must not keep the mail from it.
func (s *Sender) hosts(ctx context.Context, r *Route, f *facts, targets []target) error {
	targets, err := s.notSelf(targets, func(t target) bool { return s.self[t.name] })
	if err != nil {
		return err
	}
	enough, looking, late := 0, ctx, time.Time{}
	for i, t := range targets {
		if enough >= s.cfg.MaxHosts || i == maxLookups || enough > 0 && !time.Now().Before(late) {
			r.More = len(targets) - i
			break
		}
		h := Host{Name: t.name, Preference: t.pref}
		s.host(looking, f, r.Why, &h)
		if h.Err == nil {
			if enough == 0 {
				late = moreUntil(ctx)
				var cancel context.CancelFunc
				looking, cancel = context.WithDeadlineCause(ctx, late, errMoreTime)
				defer cancel()
			}
			enough += min(len(h.Addrs), s.cfg.MaxHosts-1) // one try is for the next host
		}
		r.Hosts = append(r.Hosts, h)
	}
	if ctx.Err() != nil {
		return &Error{Status: [3]int{4, 4, 3}, Err: context.Cause(ctx)}
	}
	return s.withoutOwn(r)
}

// maxMoreTime bounds how long hosts are looked up behind the first that can be used.
const maxMoreTime = 15 * time.Second

var errMoreTime = errors.New("not known in time, and there is another host")

// moreUntil returns when that time ends: half of what ctx has is left for the mail.
func moreUntil(ctx context.Context) time.Time {
	limit := maxMoreTime
	if by, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(by)/2)
	}
	return time.Now().Add(limit)
}

// host looks up one host, and decides about it.
func (s *Sender) host(ctx context.Context, f *facts, why string, h *Host) {
	s.addresses(ctx, h)
	if h.Err == nil && f.mxSecure && (f.rule.Level == DANE || f.rule.Level == DANEOnly) {
		s.tlsa(ctx, h)
	}
	if !f.mxSecure {
		h.Why = why
	}
	if h.Err == nil {
		f.decide(h)
	}
}

var errLoop = errors.New("the mail would come back: this host is the best MX of the domain")

// notSelf drops this host, and those that are not preferred to it (RFC 5321 §5.1).
func (s *Sender) notSelf(targets []target, own func(target) bool) ([]target, error) {
	i := slices.IndexFunc(targets, own)
	if i < 0 {
		return targets, nil
	}
	pref := targets[i].pref
	rest := slices.DeleteFunc(slices.Clone(targets), func(t target) bool { return t.pref >= pref })
	if len(rest) == 0 {
		return nil, &Error{Status: [3]int{5, 4, 6}, Err: errLoop}
	}
	return rest, nil
}

// withoutOwn drops hosts that have an address of this host's, or are an alias of it, as
// notSelf does by name.
func (s *Sender) withoutOwn(r *Route) error {
	targets := make([]target, len(r.Hosts))
	own := map[string]bool{}
	for i, h := range r.Hosts {
		targets[i] = target{h.Name, h.Preference}
		own[h.Name] = slices.ContainsFunc(h.Chain, func(name string) bool { return s.self[name] }) ||
			slices.ContainsFunc(h.Addrs, func(a netip.Addr) bool { return s.self[domain{addr: a.Unmap()}.String()] })
	}
	rest, err := s.notSelf(targets, func(t target) bool { return own[t.name] })
	if err != nil {
		return err
	}
	if len(rest) < len(r.Hosts) {
		r.Hosts, r.More = r.Hosts[:len(rest)], 0
	}
	return nil
}

// outOfPolicy returns a newer policy, if there is one, where no host can be used and the
// policy is among the reasons.
func (s *Sender) outOfPolicy(ctx context.Context, r *Route) *Policy {
	fit := func(h Host) bool { return h.Err == nil }
	refused := func(h Host) bool { return errors.Is(h.Err, ErrNotInPolicy) }
	if r.Policy == nil || slices.ContainsFunc(r.Hosts, fit) || !slices.ContainsFunc(r.Hosts, refused) {
		return nil
	}
	return s.sts.renew(ctx, r.Domain, r.Policy)
}
