package dial

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

// memory is a Dialer's peers.Store as one connection uses it.
type memory struct {
	store peers.Store // may be nil
	rules peers.Rules
	trace Trace
	of    Endpoint

	shown *peers.Known // what the store has, as it was read; nil: nothing
	err   error        // why it cannot be told

	mu    sync.Mutex    // held over a write
	known *peers.Record // as the store has it
}

// memory returns the Dialer's peers.Store as it is used for e.
func (d *Dialer) memory(e Endpoint) (*memory, error) {
	rules, err := d.PeerRules.Normal()
	m := &memory{store: d.Peers, rules: rules, of: e}
	if d.Trace != nil {
		m.trace = *d.Trace
	}
	return m, err
}

// recall asks what is remembered of the peer.
func (m *memory) recall(ctx context.Context) {
	if m.store == nil || m.of.Policy == policy.NoTLS {
		return
	}
	r, err := bounded(ctx, m.rules.Timeout, func(ctx context.Context) (*peers.Record, error) {
		return m.store.Recall(ctx, m.of.peer())
	})
	if err == nil && r != nil {
		err = r.Validate()
	}
	m.err = err
	if err == nil {
		m.learned(r)
	}
	if m.trace.Recalled != nil {
		m.trace.Recalled(m.of, r, err)
	}
}

// learned notes what the store has.
func (m *memory) learned(r *peers.Record) {
	if m.known = r; r != nil {
		now := clock()
		m.shown = &peers.Known{Peer: m.of.peer(), Record: r.Clamped(now), Expired: r.Expired(now)}
	}
}

// clock returns the time as records have it.
func clock() time.Time { return time.Now().UTC().Truncate(time.Second) }

// remember adds what a session has shown. What is known already is not written
// again; the time of the last session is, once in an hour.
func (m *memory) remember(ctx context.Context, seen peers.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.store == nil || !m.teaches(seen) {
		return
	}
	_, err := bounded(ctx, m.rules.Timeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, m.store.Remember(ctx, m.of.peer(), seen)
	})
	if err == nil {
		now := seen
		if m.known != nil {
			now = m.known.Merge(seen)
		}
		m.known = &now
	}
	if m.trace.Remembered != nil {
		m.trace.Remembered(m.of, seen, err)
	}
}

// freshness is how exactly the time of the last session is kept.
const freshness = time.Hour

// teaches reports whether a session has shown what the memory does not have.
func (m *memory) teaches(seen peers.Record) bool {
	if m.known == nil {
		return true
	}
	now := m.known.Merge(seen)
	if age := now.LastSeen.Sub(m.known.LastSeen); age >= 0 && age < freshness {
		now.LastSeen = m.known.LastSeen
	}
	return now != *m.known
}

// holds returns the record if it has not expired.
func (m *memory) holds() *peers.Known {
	if m.shown == nil || m.shown.Expired {
		return nil
	}
	return m.shown
}

// past returns what the decision takes into account.
func (m *memory) past() upgrade.Past {
	switch {
	case m.err != nil && !m.rules.InsecureForget:
		return upgrade.Unreadable
	case m.holds() != nil:
		return upgrade.HadTLS
	}
	return upgrade.Unknown
}

// explain puts the record that a violation comes of into it, or why there is
// none. An expired one belongs to a downgrade that it could not prevent.
func (m *memory) explain(v *policy.Violation) {
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

// checkVersion refuses a TLS version below the one that is remembered.
func (m *memory) checkVersion(s tls.ConnectionState) error {
	held := m.holds()
	if held == nil || !m.rules.HoldVersion || s.Version >= held.Record.Version {
		return nil
	}
	return &policy.Violation{Reason: policy.ErrVersionLowered, Err: held}
}

// bounded calls f and waits for it no longer than limit, or a quarter of what
// ctx has left.
func bounded[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	if by, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(by)/4)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, tooLate(limit))
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
