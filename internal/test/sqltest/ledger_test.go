package sqltest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
)

// ledger is what a store has acknowledged to one writer, by the number of the
// peer: the most of everything that must never fall.
type ledger map[int]strength

// strength is the part of a record that never falls. Unlike the record, it goes
// through JSON with all its bits.
type strength struct {
	Version    uint16
	Mechanisms uint32
	Lifetime   time.Duration
}

func strengthOf(r peers.Record) strength {
	return strength{r.Version, uint32(r.Mechanisms), r.Lifetime}
}

// add notes that a server had this.
func (l ledger) add(n int, r strength) {
	known := l[n]
	l[n] = strength{max(known.Version, r.Version), known.Mechanisms | r.Mechanisms, max(known.Lifetime, r.Lifetime)}
}

// weaker returns in what it holds a server to less than another, "" if in
// nothing.
func (r strength) weaker(than strength) string {
	switch {
	case r.Version < than.Version:
		return fmt.Sprintf("version %#x is below %#x", r.Version, than.Version)
	case r.Mechanisms&than.Mechanisms != than.Mechanisms:
		return fmt.Sprintf("mechanisms %#x lack some of %#x", r.Mechanisms, than.Mechanisms)
	case r.Lifetime < than.Lifetime:
		return fmt.Sprintf("lifetime %v is below %v", r.Lifetime, than.Lifetime)
	}
	return ""
}

// learn remembers a random record of one of the peers, and recalls at once
// whether the row holds all that was acknowledged to this writer so far.
func (l ledger) learn(ctx context.Context, m peers.Store, from source, servers int) error {
	n, r := from.IntN(servers), from.record()
	if err := m.Remember(ctx, peer(n), r); err != nil {
		return err
	}
	l.add(n, strengthOf(r))
	return l.check(ctx, m, n)
}

func (l ledger) check(ctx context.Context, m peers.Store, n int) error {
	got, err := m.Recall(ctx, peer(n))
	switch {
	case err != nil:
		return err
	case got == nil:
		return fmt.Errorf("%v is lost", peer(n))
	}
	if fault := strengthOf(*got).weaker(l[n]); fault != "" {
		return fmt.Errorf("%v is weaker than what was acknowledged: %s", peer(n), fault)
	}
	return nil
}

// holds checks that the store has what was acknowledged to all writers, and
// nothing else.
func holds(t *testing.T, m peers.Store, all ...ledger) {
	t.Helper()
	sum := ledger{}
	for _, l := range all {
		for n, r := range l {
			sum.add(n, r)
		}
	}
	for n, want := range sum {
		if err := sum.check(t.Context(), m, n); err != nil {
			t.Error(err)
			continue
		}
		got, _ := m.Recall(t.Context(), peer(n))
		if fault := want.weaker(strengthOf(*got)); fault != "" {
			t.Errorf("%v has what no machine brought: %s", peer(n), fault)
		}
	}
}
