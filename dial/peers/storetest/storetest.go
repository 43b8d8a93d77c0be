// Package storetest tests implementations of [peers.Store].
package storetest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// TestStore returns how s breaks the contract of [peers.Store], and nil if it
// found no breach. s must not hold records of servers under the domain
// store.test.
func TestStore(ctx context.Context, s peers.Store) error {
	for _, check := range []struct {
		name string
		f    func(context.Context, peers.Store) error
	}{
		{"a stranger", checkStranger},
		{"what was remembered", checkRoundTrip},
		{"peers that differ in one thing", checkPeers},
		{"what was added", checkMerge},
		{"many at once", checkConcurrent},
		{"a record of nothing", checkInvalid},
	} {
		if err := check.f(ctx, s); err != nil {
			return fmt.Errorf("storetest: %s: %w", check.name, err)
		}
	}
	return nil
}

// testPeer returns a server that only the named check uses.
func testPeer(name string) peers.Peer {
	return peers.Peer{Protocol: policy.IMAP, Host: name + ".store.test", Port: 143}
}

// testRecord is a record with something in every field.
func testRecord() peers.Record {
	seen := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: tls.VersionTLS13,
		Leaf: trust.KeyHash{1, 2, 3}, Issuer: trust.KeyHash{4, 5, 6},
		Mechanisms: peers.MechanismSet("PLAIN", "SCRAM-SHA-256"),
		FirstSeen:  seen, LastSeen: seen.Add(time.Hour), Lifetime: 180 * 24 * time.Hour,
	}
}

// recalls returns an error unless m holds want, to the second.
func recalls(ctx context.Context, m peers.Store, p peers.Peer, want peers.Record) error {
	got, err := m.Recall(ctx, p)
	switch {
	case err != nil:
		return err
	case got == nil:
		return fmt.Errorf("%v is not known", p)
	case !same(*got, want):
		return fmt.Errorf("%v: got %+v, want %+v", p, *got, want)
	}
	return nil
}

// same compares records, times by the moment that they stand for.
func same(a, b peers.Record) bool {
	if !a.FirstSeen.Equal(b.FirstSeen) || !a.LastSeen.Equal(b.LastSeen) {
		return false
	}
	a.FirstSeen, a.LastSeen = b.FirstSeen, b.LastSeen
	return a == b
}

func checkStranger(ctx context.Context, m peers.Store) error {
	got, err := m.Recall(ctx, testPeer("stranger"))
	if err == nil && got != nil {
		err = fmt.Errorf("got %+v", *got)
	}
	return err
}

func checkRoundTrip(ctx context.Context, m peers.Store) error {
	full := testRecord()
	bare := full
	bare.Issuer, bare.Mechanisms, bare.Verified, bare.Policy = trust.KeyHash{}, 0, trust.Pinned, policy.ImplicitTLS
	for name, r := range map[string]peers.Record{"full": full, "bare": bare} {
		if err := m.Remember(ctx, testPeer(name), r); err != nil {
			return err
		}
		if err := recalls(ctx, m, testPeer(name), r); err != nil {
			return err
		}
	}
	return nil
}

func checkPeers(ctx context.Context, m peers.Store) error {
	p := testPeer("peers")
	protocol, port, host := p, p, p
	protocol.Protocol, port.Port, host.Host = policy.POP3, 993, "other.store.test"
	for i, p := range []peers.Peer{p, protocol, port, host} {
		r := testRecord()
		r.Leaf[0] = byte(i + 1)
		if got, err := m.Recall(ctx, p); err != nil || got != nil {
			return fmt.Errorf("%v is taken for another: %+v, %v", p, got, err)
		}
		if err := m.Remember(ctx, p, r); err != nil {
			return err
		}
	}
	return nil
}

// checkMerge adds records that are weaker, newer, older, and by a clock that
// was ahead.
func checkMerge(ctx context.Context, m peers.Store) error {
	p, want := testPeer("merge"), testRecord()
	weak := want
	weak.Version, weak.Mechanisms, weak.Lifetime = tls.VersionTLS12, peers.MechanismSet("LOGIN"), time.Hour
	weak.LastSeen = want.LastSeen.Add(24 * time.Hour)
	older := want
	older.FirstSeen, older.LastSeen = want.FirstSeen.Add(-2*time.Hour), want.FirstSeen.Add(-time.Hour)
	older.Leaf, older.Policy = trust.KeyHash{9}, policy.ImplicitTLS
	ahead := want
	ahead.LastSeen = want.LastSeen.AddDate(20, 0, 0)
	after := want
	after.LastSeen = want.LastSeen.AddDate(0, 1, 0)
	pinned := after
	pinned.Verified, pinned.LastSeen = trust.Pinned, after.LastSeen.AddDate(-1, 0, 0)
	pinned.FirstSeen = pinned.LastSeen
	for i, seen := range []peers.Record{want, weak, older, ahead, after, pinned} {
		if i > 0 {
			want = want.Merge(seen)
		}
		if err := m.Remember(ctx, p, seen); err != nil {
			return err
		}
		if err := recalls(ctx, m, p, want); err != nil {
			return fmt.Errorf("after record %d: %w", i, err)
		}
	}
	return nil
}

// checkConcurrent lets many tighten one peer. In whatever order they come,
// nothing that any of them has added may be lost.
func checkConcurrent(ctx context.Context, m peers.Store) error {
	const writers, rounds = 8, 16
	p := testPeer("concurrent")
	var (
		all  = testRecord()
		list []peers.Record
	)
	for i := range writers * rounds {
		r := testRecord()
		r.Version = tls.VersionTLS12 + uint16(rand.IntN(2))
		r.Mechanisms = 1 << rand.IntN(16)
		r.LastSeen = r.LastSeen.Add(time.Duration(i) * time.Minute)
		r.Lifetime += time.Duration(rand.IntN(1000)) * time.Second
		list = append(list, r)
		all = all.Merge(r)
	}
	if err := m.Remember(ctx, p, testRecord()); err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				errs[w] = errors.Join(errs[w], m.Remember(ctx, p, list[i*writers+w]))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return recalls(ctx, m, p, all)
}

func checkInvalid(ctx context.Context, m peers.Store) error {
	p := testPeer("invalid")
	if m.Remember(ctx, p, peers.Record{}) == nil {
		return errors.New("it was taken")
	}
	if got, err := m.Recall(ctx, p); err != nil || got != nil {
		return fmt.Errorf("it was kept: %+v, %v", got, err)
	}
	return nil
}
