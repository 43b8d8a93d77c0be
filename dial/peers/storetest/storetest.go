// Package storetest tests implementations of [peers.Store].
//
//	if err := storetest.TestStore(t.Context(), store); err != nil {
//		t.Fatal(err)
//	}
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

// TestStore tests whether s keeps the contract of [peers.Store], and returns an error
// that describes the first failure. s must have no records of servers in the domain
// store.test. TestStore leaves records of such servers behind.
func TestStore(ctx context.Context, s peers.Store) error {
	for _, check := range []struct {
		name string
		f    func(context.Context, peers.Store) error
	}{
		{"recall of an unknown server", checkUnknown},
		{"recall of a record", checkRoundTrip},
		{"peers that differ in one field", checkPeers},
		{"merged records", checkMerge},
		{"concurrent calls", checkConcurrent},
		{"invalid arguments", checkInvalid},
	} {
		if err := check.f(ctx, s); err != nil {
			return fmt.Errorf("storetest: %s: %w", check.name, err)
		}
	}
	return nil
}

// testPeer returns a peer for one check.
func testPeer(name string) peers.Peer {
	return peers.Peer{Protocol: policy.IMAP, Host: name + ".store.test", Port: 143}
}

// testRecord returns a record with all fields set.
func testRecord() peers.Record {
	seen := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: tls.VersionTLS13,
		Leaf: trust.KeyHash{1, 2, 3}, Issuer: trust.KeyHash{4, 5, 6},
		Mechanisms: peers.MechanismSet("PLAIN", "SCRAM-SHA-256"),
		FirstSeen:  seen, LastSeen: seen.Add(time.Hour), Lifetime: 180 * 24 * time.Hour,
	}
}

// recalls returns an error unless s has the record want.
func recalls(ctx context.Context, s peers.Store, p peers.Peer, want peers.Record) error {
	got, err := s.Recall(ctx, p)
	switch {
	case err != nil:
		return err
	case got == nil:
		return fmt.Errorf("%v: no record", p)
	case !same(*got, want):
		return fmt.Errorf("%v: got %+v, want %+v", p, *got, want)
	}
	return nil
}

// same reports whether two records are equal, whatever the locations of their times.
func same(a, b peers.Record) bool {
	if !a.FirstSeen.Equal(b.FirstSeen) || !a.LastSeen.Equal(b.LastSeen) {
		return false
	}
	a.FirstSeen, a.LastSeen = b.FirstSeen, b.LastSeen
	return a == b
}

func checkUnknown(ctx context.Context, s peers.Store) error {
	got, err := s.Recall(ctx, testPeer("unknown"))
	if err == nil && got != nil {
		err = fmt.Errorf("got %+v", *got)
	}
	return err
}

func checkRoundTrip(ctx context.Context, s peers.Store) error {
	full := testRecord()
	bare := full
	bare.Issuer, bare.Mechanisms, bare.Verified, bare.Policy = trust.KeyHash{}, 0, trust.Pinned, policy.ImplicitTLS
	for name, r := range map[string]peers.Record{"full": full, "bare": bare} {
		if err := s.Remember(ctx, testPeer(name), r); err != nil {
			return err
		}
		if err := recalls(ctx, s, testPeer(name), r); err != nil {
			return err
		}
	}
	return nil
}

func checkPeers(ctx context.Context, s peers.Store) error {
	p := testPeer("peers")
	protocol, port, host := p, p, p
	protocol.Protocol, port.Port, host.Host = policy.POP3, 993, "other.store.test"
	for i, p := range []peers.Peer{p, protocol, port, host} {
		r := testRecord()
		r.Leaf[0] = byte(i + 1)
		if got, err := s.Recall(ctx, p); err != nil || got != nil {
			return fmt.Errorf("%v has the record of another peer: %+v, %v", p, got, err)
		}
		if err := s.Remember(ctx, p, r); err != nil {
			return err
		}
	}
	return nil
}

// checkMerge adds records that are weaker, older, from a clock that was ahead, from
// after it was corrected, and of a pinned server.
func checkMerge(ctx context.Context, s peers.Store) error {
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
		if err := s.Remember(ctx, p, seen); err != nil {
			return err
		}
		if err := recalls(ctx, s, p, want); err != nil {
			return fmt.Errorf("after record %d: %w", i, err)
		}
	}
	return nil
}

// checkConcurrent adds records of one peer from many goroutines. In every order the
// result must be the same.
func checkConcurrent(ctx context.Context, s peers.Store) error {
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
	if err := s.Remember(ctx, p, testRecord()); err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				errs[w] = errors.Join(errs[w], s.Remember(ctx, p, list[i*writers+w]))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return recalls(ctx, s, p, all)
}

func checkInvalid(ctx context.Context, s peers.Store) error {
	p := testPeer("invalid")
	if s.Remember(ctx, p, peers.Record{}) == nil {
		return errors.New("the zero record was accepted by Remember")
	}
	if got, err := s.Recall(ctx, p); err != nil || got != nil {
		return fmt.Errorf("the zero record was kept: %+v, %v", got, err)
	}
	p.Host = "Upper." + p.Host
	if s.Remember(ctx, p, testRecord()) == nil {
		return errors.New("a host in upper case was accepted by Remember")
	}
	return nil
}
