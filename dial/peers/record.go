package peers

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// Record is what a [Store] holds of a server. Every field comes from sessions
// over TLS whose server was accepted, and none from what was said in the clear.
type Record struct {
	// Policy is that of the last session, and Verified how its server proved to
	// be the one that was dialled.
	Policy   policy.Policy
	Verified trust.Method
	// Version is the highest TLS version of all sessions, as in crypto/tls.
	Version uint16
	// Leaf and Issuer are the keys of the server's certificate, and of the one
	// that signed it, in the last session. Issuer is zero if nothing did.
	Leaf, Issuer trust.KeyHash
	// Mechanisms are the SASL mechanisms that the server listed in sessions
	// that logged in.
	Mechanisms Mechanisms
	// FirstSeen and LastSeen are when the first and the last session began.
	FirstSeen, LastSeen time.Time
	// Lifetime is how long the record holds after LastSeen.
	Lifetime time.Duration
}

// Expires returns when the record ceases to hold.
func (r Record) Expires() time.Time { return r.LastSeen.Add(r.Lifetime) }

// Expired reports whether the record holds no more. A last session in the
// future, by a clock that was ahead or one that is behind now, counts as one of
// this moment.
func (r Record) Expired(now time.Time) bool { return !r.Clamped(now).Expires().After(now) }

// Clamped returns r as it is read at a time: nothing was seen in the future.
func (r Record) Clamped(now time.Time) Record {
	r.FirstSeen, r.LastSeen = earliest(r.FirstSeen, now), earliest(r.LastSeen, now)
	return r
}

// clockError is how far two right clocks may differ.
const clockError = 24 * time.Hour

// Merge returns what is known of a server when seen is added to r. The TLS
// version never falls, mechanisms are never lost, the lifetime never shrinks,
// and the rest is that of the later session. There is one exception, so that a
// clock which once was years ahead does not hold a server for years: by the
// clock of a session that was verified by certificate the certificate was
// valid, so that clock is believed if r.LastSeen is more than a day in its
// future.
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

// Validate returns what is wrong with a record that no session can have left,
// nil if nothing is. Stores check by it what they read.
func (r Record) Validate() error {
	switch {
	case !r.Policy.Valid() || r.Policy == policy.NoTLS:
		return fmt.Errorf("record has policy %q", r.Policy)
	case r.Verified != trust.PKIX && r.Verified != trust.Pinned:
		return fmt.Errorf("record of a session that was not verified (%q)", r.Verified)
	case r.Version < tls.VersionTLS12:
		return fmt.Errorf("record has TLS version %#04x", r.Version)
	case r.Leaf.IsZero():
		return errors.New("record has no key")
	case r.LastSeen.IsZero() || r.FirstSeen.After(r.LastSeen):
		return errors.New("record has first and last session out of order")
	case r.Lifetime <= 0:
		return fmt.Errorf("record has lifetime %v", r.Lifetime)
	}
	return nil
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
