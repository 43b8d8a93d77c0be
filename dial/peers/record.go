package peers

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// Record is what a [Store] has of a server. All of it was learned in sessions over
// TLS whose server was verified, and nothing in the clear.
type Record struct {
	// Policy is the policy of the last session, and Verified how its server was
	// verified.
	Policy   policy.Policy
	Verified trust.Method
	// Version is the highest TLS version of all sessions, as in crypto/tls.
	Version uint16
	// Leaf and Issuer are the keys of the server's certificate and of its issuer in
	// the last session. Issuer is zero if no chain was verified.
	Leaf, Issuer trust.KeyHash
	// Mechanisms has the SASL mechanisms that the server listed in all sessions with
	// a login.
	Mechanisms Mechanisms
	// FirstSeen and LastSeen are the times at which the first and the last session
	// began.
	FirstSeen, LastSeen time.Time
	// Lifetime is how long after LastSeen the record is valid.
	Lifetime time.Duration
}

// Expires returns the time until which the record is valid.
func (r Record) Expires() time.Time { return r.LastSeen.Add(r.Lifetime) }

// Expired reports whether the record is no longer valid at the time now. A LastSeen
// after now, which comes from a wrong clock, counts as now.
func (r Record) Expired(now time.Time) bool { return !r.Clamped(now).Expires().After(now) }

// Clamped returns r with FirstSeen and LastSeen no later than now.
func (r Record) Clamped(now time.Time) Record {
	r.FirstSeen, r.LastSeen = earliest(r.FirstSeen, now), earliest(r.LastSeen, now)
	return r
}

// Rounded returns r in the precision of a store that keeps whole seconds: times in UTC
// without fractions, and a lifetime that is rounded up, so that r is not valid for a
// shorter time. The longest lifetimes, which cannot be rounded up, are rounded down.
func (r Record) Rounded() Record {
	r.FirstSeen = r.FirstSeen.UTC().Truncate(time.Second)
	r.LastSeen = r.LastSeen.UTC().Truncate(time.Second)
	whole := r.Lifetime.Truncate(time.Second)
	if whole < r.Lifetime && whole <= math.MaxInt64-time.Second {
		whole += time.Second
	}
	r.Lifetime = whole
	return r
}

// clockError is the largest difference between two clocks that are both right.
const clockError = 24 * time.Hour

// Merge returns r with what the session seen has shown. The TLS version is the higher
// of the two, the mechanisms are those of both, the lifetime is the longer, and the
// rest is from the later session.
//
// There is one exception, so that a clock that was years ahead does not keep a record
// valid for years: if seen was verified by certificate and r.LastSeen is more than a
// day later, the rest is from seen. By its clock the certificate was valid, so the
// clock is trusted.
func (r Record) Merge(seen Record) Record {
	m := r
	ahead := seen.Verified == trust.PKIX && r.LastSeen.After(seen.LastSeen.Add(clockError))
	if ahead || !seen.LastSeen.Before(r.LastSeen) {
		m = seen
	}
	m.Version = max(r.Version, seen.Version)
	m.Mechanisms = r.Mechanisms | seen.Mechanisms
	m.Lifetime = max(r.Lifetime, seen.Lifetime)
	m.FirstSeen = earliest(earliest(r.FirstSeen, seen.FirstSeen), m.LastSeen)
	return m
}

// Validate returns an error for a record that cannot come from a session. A [Store]
// validates the records that it gets and those that it reads.
func (r Record) Validate() error {
	switch {
	case !r.Policy.Valid() || r.Policy == policy.NoTLS:
		return fmt.Errorf("record has policy %q", r.Policy)
	case r.Verified != trust.PKIX && r.Verified != trust.Pinned:
		return fmt.Errorf("record of a session that was not verified (%q)", r.Verified)
	case r.Version < tls.VersionTLS12 || r.Version>>8 != tls.VersionTLS12>>8: // one that has a name in all stores
		return fmt.Errorf("record has TLS version %#04x", r.Version)
	case r.Leaf.IsZero():
		return errors.New("record has no key")
	case r.LastSeen.IsZero() || r.FirstSeen.After(r.LastSeen):
		return errors.New("record has first and last session out of order")
	case r.Lifetime <= 0:
		return fmt.Errorf("record has lifetime %v", r.Lifetime)
	case r.FirstSeen.Year() < 1 || r.FirstSeen.Year() > 9999 || r.Expires().Year() > 9999:
		return errors.New("record is not of the years 1 to 9999")
	}
	return nil
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
