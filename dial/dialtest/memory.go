package dialtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// CheckMemory returns how m breaks the contract of [dial.Memory], nil if no
// breach was found. m must not know the servers of the domain memory.test.
func CheckMemory(ctx context.Context, m dial.Memory) error {
	for _, check := range []struct {
		name string
		f    func(context.Context, dial.Memory) error
	}{
		{"a stranger", checkStranger},
		{"what was remembered", checkRoundTrip},
		{"peers that differ in one thing", checkPeers},
		{"what was added", checkMerge},
		{"many at once", checkConcurrent},
		{"a record of nothing", checkInvalid},
	} {
		if err := check.f(ctx, m); err != nil {
			return fmt.Errorf("dialtest: memory: %s: %w", check.name, err)
		}
	}
	return nil
}

// memoryPeer returns a server that only the named check uses.
func memoryPeer(name string) dial.Peer {
	return dial.Peer{Protocol: policy.IMAP, Host: name + ".memory.test", Port: 143}
}

// memoryRecord is a record with something in every field.
func memoryRecord() dial.Record {
	seen := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return dial.Record{
		Mode: dial.STARTTLS, Verified: dial.VerifiedPKIX, Version: tls.VersionTLS13,
		Leaf: dial.KeyHash{1, 2, 3}, Issuer: dial.KeyHash{4, 5, 6},
		Mechanisms: dial.MechanismSet("PLAIN", "SCRAM-SHA-256"),
		FirstSeen:  seen, LastSeen: seen.Add(time.Hour), Lifetime: 180 * 24 * time.Hour,
	}
}

// recalls returns an error unless m holds want, to the second.
func recalls(ctx context.Context, m dial.Memory, p dial.Peer, want dial.Record) error {
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
func same(a, b dial.Record) bool {
	if !a.FirstSeen.Equal(b.FirstSeen) || !a.LastSeen.Equal(b.LastSeen) {
		return false
	}
	a.FirstSeen, a.LastSeen = b.FirstSeen, b.LastSeen
	return a == b
}

func checkStranger(ctx context.Context, m dial.Memory) error {
	got, err := m.Recall(ctx, memoryPeer("stranger"))
	if err == nil && got != nil {
		err = fmt.Errorf("got %+v", *got)
	}
	return err
}

func checkRoundTrip(ctx context.Context, m dial.Memory) error {
	full := memoryRecord()
	bare := full
	bare.Issuer, bare.Mechanisms, bare.Verified, bare.Mode = dial.KeyHash{}, 0, dial.VerifiedPinned, dial.ImplicitTLS
	for name, r := range map[string]dial.Record{"full": full, "bare": bare} {
		if err := m.Remember(ctx, memoryPeer(name), r); err != nil {
			return err
		}
		if err := recalls(ctx, m, memoryPeer(name), r); err != nil {
			return err
		}
	}
	return nil
}

func checkPeers(ctx context.Context, m dial.Memory) error {
	p := memoryPeer("peers")
	protocol, port, host := p, p, p
	protocol.Protocol, port.Port, host.Host = policy.POP3, 993, "other.memory.test"
	for i, p := range []dial.Peer{p, protocol, port, host} {
		r := memoryRecord()
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
func checkMerge(ctx context.Context, m dial.Memory) error {
	p, want := memoryPeer("merge"), memoryRecord()
	weak := want
	weak.Version, weak.Mechanisms, weak.Lifetime = tls.VersionTLS12, dial.MechanismSet("LOGIN"), time.Hour
	weak.LastSeen = want.LastSeen.Add(24 * time.Hour)
	older := want
	older.FirstSeen, older.LastSeen = want.FirstSeen.Add(-2*time.Hour), want.FirstSeen.Add(-time.Hour)
	older.Leaf, older.Mode = dial.KeyHash{9}, dial.ImplicitTLS
	ahead := want
	ahead.LastSeen = want.LastSeen.AddDate(20, 0, 0)
	after := want
	after.LastSeen = want.LastSeen.AddDate(0, 1, 0)
	pinned := after
	pinned.Verified, pinned.LastSeen = dial.VerifiedPinned, after.LastSeen.AddDate(-1, 0, 0)
	pinned.FirstSeen = pinned.LastSeen
	for i, seen := range []dial.Record{want, weak, older, ahead, after, pinned} {
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
func checkConcurrent(ctx context.Context, m dial.Memory) error {
	const writers, rounds = 8, 16
	p := memoryPeer("concurrent")
	var (
		all  = memoryRecord()
		list []dial.Record
	)
	for i := range writers * rounds {
		r := memoryRecord()
		r.Version = tls.VersionTLS12 + uint16(rand.IntN(2))
		r.Mechanisms = 1 << rand.IntN(16)
		r.LastSeen = r.LastSeen.Add(time.Duration(i) * time.Minute)
		r.Lifetime += time.Duration(rand.IntN(1000)) * time.Second
		list = append(list, r)
		all = all.Merge(r)
	}
	if err := m.Remember(ctx, p, memoryRecord()); err != nil {
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

func checkInvalid(ctx context.Context, m dial.Memory) error {
	p := memoryPeer("invalid")
	if m.Remember(ctx, p, dial.Record{}) == nil {
		return errors.New("it was taken")
	}
	if got, err := m.Recall(ctx, p); err != nil || got != nil {
		return fmt.Errorf("it was kept: %+v, %v", got, err)
	}
	return nil
}
