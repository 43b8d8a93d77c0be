// Package recall uses a peers.Store for one connection: it asks for the record of the
// server, holds the connection to that, and adds what the connection shows.
package recall

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Memory is a store as one connection uses it. Learn may be called by several
// goroutines at once, the other methods only by the one that makes the connection. A nil
// Memory remembers nothing.
type Memory struct {
	Store peers.Store
	Rules peers.Rules // with the defaults filled in
	Peer  peers.Peer

	// Recalled and Remembered are optional. They are called with the result of each
	// call of the store.
	Recalled   func(*peers.Record, error)
	Remembered func(peers.Record, error)

	shown *peers.Known // what the store returned; nil if it has nothing
	err   error        // of the store

	mu    sync.Mutex    // held during a write
	known *peers.Record // the record in the store
}

// Recall asks the store for its record of the peer. It waits no longer than the
// timeout of the rules and a quarter of the time that ctx has left.
func (m *Memory) Recall(ctx context.Context) {
	if m == nil {
		return
	}
	var r *peers.Record
	r, m.err = bounded(ctx, m.Rules.Timeout, func(ctx context.Context) (*peers.Record, error) {
		return m.Store.Recall(ctx, m.Peer)
	})
	if m.err == nil && r != nil {
		m.err = r.Validate()
	}
	if m.err == nil && r != nil {
		now := Now()
		m.known = r
		m.shown = &peers.Known{Peer: m.Peer, Record: r.Clamped(now), Expired: r.Expired(now)}
	}
	if m.Recalled != nil {
		m.Recalled(r, m.err)
	}
}

// Now returns the current time in the precision of a [peers.Record].
func Now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// Known returns what the store has of the peer, expired or not, and nil if it has
// nothing.
func (m *Memory) Known() *peers.Known {
	if m == nil {
		return nil
	}
	return m.shown
}

// Holds returns what the store has of the peer, and nil if it has nothing or the record
// has expired.
func (m *Memory) Holds() *peers.Known {
	if m == nil || m.shown == nil || m.shown.Expired {
		return nil
	}
	return m.shown
}

// HeldToSCRAM returns what the store has of the peer if that forbids sending it a
// password: the rules have HoldAuth, and the peer had SCRAM. Otherwise it returns nil.
func (m *Memory) HeldToSCRAM() *peers.Known {
	if held := m.Holds(); held != nil && m.Rules.HoldAuth && held.Record.Mechanisms.SCRAM() {
		return held
	}
	return nil
}

// Past returns what is remembered of the server, for [upgrade.Decide].
func (m *Memory) Past() upgrade.Past {
	switch {
	case m != nil && m.err != nil && !m.Rules.InsecureForget:
		return upgrade.Unreadable
	case m.Holds() != nil:
		return upgrade.HadTLS
	}
	return upgrade.Unknown
}

// CheckVersion returns a violation if the rules have HoldVersion and the TLS version is
// below the one that is remembered.
func (m *Memory) CheckVersion(s tls.ConnectionState) error {
	held := m.Holds()
	if held == nil || !m.Rules.HoldVersion || s.Version >= held.Record.Version {
		return nil
	}
	return &policy.Violation{Reason: policy.ErrVersionLowered, Err: held}
}

// Explain adds the record on which a violation rests to it, or the error of the store.
// To a downgrade it adds an expired record, which could not prevent it.
func (m *Memory) Explain(v *policy.Violation) {
	if m == nil {
		return
	}
	var cause error
	switch {
	case v.Reason == policy.ErrMemory:
		cause = m.err
	case v.Reason == policy.ErrRemembered, v.Reason == policy.ErrNotOffered && m.shown != nil:
		cause = m.shown
	default:
		return
	}
	if v.Err != nil {
		cause = fmt.Errorf("%w: %w", cause, v.Err)
	}
	v.Err = cause
}

// Learn adds what a session has shown to the record in the store: the policy, how the
// server was verified, the state of TLS, and the SASL mechanisms that it lists. It does
// nothing if the server was not verified, or if the store has all of it already. The time
// of the last session is written at most once an hour.
func (m *Memory) Learn(ctx context.Context, p policy.Policy, verified trust.Method, s *tls.ConnectionState, mechanisms []string) {
	if m == nil || s == nil || verified == trust.None {
		return
	}
	now := Now()
	seen := peers.Record{
		Policy: p, Verified: verified, Version: s.Version, Mechanisms: peers.MechanismSet(mechanisms...),
		FirstSeen: now, LastSeen: now, Lifetime: m.Rules.Lifetime,
	}
	seen.Leaf, seen.Issuer = Keys(s)
	m.remember(ctx, seen)
}

// Keys returns the hashes of the keys of the server's certificate and of its issuer, zero
// for what s, which may be nil, does not have.
func Keys(s *tls.ConnectionState) (leaf, issuer trust.KeyHash) {
	if s == nil || len(s.PeerCertificates) == 0 {
		return
	}
	leaf = trust.HashKey(s.PeerCertificates[0])
	if chains := s.VerifiedChains; len(chains) > 0 && len(chains[0]) > 1 {
		issuer = trust.HashKey(chains[0][1])
	}
	return leaf, issuer
}

// remember adds a record to the store.
func (m *Memory) remember(ctx context.Context, seen peers.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isNews(seen) {
		return
	}
	_, err := bounded(ctx, m.Rules.Timeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, m.Store.Remember(ctx, m.Peer, seen)
	})
	if err == nil {
		now := seen
		if m.known != nil {
			now = m.known.Merge(seen)
		}
		m.known = &now
	}
	if m.Remembered != nil {
		m.Remembered(seen, err)
	}
}

// freshness is the precision with which the time of the last session is kept.
const freshness = time.Hour

// isNews reports whether seen has something that the store does not have.
func (m *Memory) isNews(seen peers.Record) bool {
	if m.known == nil {
		return true
	}
	now := m.known.Merge(seen)
	if age := now.LastSeen.Sub(m.known.LastSeen); age >= 0 && age < freshness {
		now.LastSeen = m.known.LastSeen
	}
	return now != *m.known
}

// bounded calls f, and waits no longer than limit and a quarter of the time that ctx
// has left.
func bounded[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	if by, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(by)/4)
	}
	ctx, cancel := wire.WithTimeout(ctx, limit)
	defer cancel()
	return wire.Await(ctx, func() (T, error) { return f(ctx) })
}
