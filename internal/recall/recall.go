// Package recall asks a peers.Store what is remembered of the server of one
// connection, holds the connection to it, and lets the store learn from it.
package recall

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Memory is a store as one connection uses it. Remember may be called by several
// goroutines at once, the other methods by the one that makes the connection.
type Memory struct {
	Store peers.Store // nil remembers nothing
	Rules peers.Rules // with what zero means filled in
	Peer  peers.Peer

	// Recalled and Remembered, if set, are told what the store said, and what was
	// added to it.
	Recalled   func(*peers.Record, error)
	Remembered func(peers.Record, error)

	shown *peers.Known // what the store has, as it was read; nil: nothing
	err   error        // why it cannot be told

	mu    sync.Mutex    // held over a write
	known *peers.Record // as the store has it
}

// Recall asks the store what it has of the peer, and waits no longer than the rules
// and a quarter of what ctx has left allow.
func (m *Memory) Recall(ctx context.Context) {
	if m.Store == nil {
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

// Now returns the time as records have it.
func Now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// Known returns what the store has of the peer, expired or not.
func (m *Memory) Known() *peers.Known { return m.shown }

// Holds returns what the store has of the peer, and nil if that has expired.
func (m *Memory) Holds() *peers.Known {
	if m.shown == nil || m.shown.Expired {
		return nil
	}
	return m.shown
}

// Past returns what the decision takes into account.
func (m *Memory) Past() upgrade.Past {
	switch {
	case m.err != nil && !m.Rules.InsecureForget:
		return upgrade.Unreadable
	case m.Holds() != nil:
		return upgrade.HadTLS
	}
	return upgrade.Unknown
}

// CheckVersion refuses a TLS version below the one that is remembered, if the rules
// want that.
func (m *Memory) CheckVersion(s tls.ConnectionState) error {
	held := m.Holds()
	if held == nil || !m.Rules.HoldVersion || s.Version >= held.Record.Version {
		return nil
	}
	return &policy.Violation{Reason: policy.ErrVersionLowered, Err: held}
}

// Explain puts the record that a violation comes of into it, or why there is
// none. An expired record belongs to a downgrade that it could not prevent.
func (m *Memory) Explain(v *policy.Violation) {
	var why error
	switch {
	case v.Reason == policy.ErrMemory:
		why = m.err
	case v.Reason == policy.ErrRemembered, v.Reason == policy.ErrNotOffered && m.shown != nil:
		why = m.shown
	default:
		return
	}
	if v.Err != nil {
		why = fmt.Errorf("%w: %w", why, v.Err)
	}
	v.Err = why
}

// Remember adds what a session has shown. What the store has already is not written
// again; the time of the last session is, once in an hour.
func (m *Memory) Remember(ctx context.Context, seen peers.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Store == nil || !m.isNews(seen) {
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

// freshness is how exactly the time of the last session is kept.
const freshness = time.Hour

// isNews reports whether a session has shown what the store does not have.
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

// bounded calls f and waits for it no longer than limit, or a quarter of what
// ctx has left.
func bounded[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	if by, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(by)/4)
	}
	ctx, cancel := wire.WithTimeout(ctx, limit)
	defer cancel()
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f(ctx)
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, wire.ContextError(ctx)
	}
}
