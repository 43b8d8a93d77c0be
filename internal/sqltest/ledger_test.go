package sqltest

import (
	"context"
	"fmt"
	"testing"

	"github.com/mailconn/mailconn/dial"
)

// ledger is what a store has acknowledged to one writer, by the number of the
// peer: the most of everything that must never fall.
type ledger map[int]dial.Record

func (l ledger) add(n int, r dial.Record) {
	known := l[n]
	known.Version = max(known.Version, r.Version)
	known.Mechanisms |= r.Mechanisms
	known.Lifetime = max(known.Lifetime, r.Lifetime)
	l[n] = known
}

// learn remembers a random record of one of the peers, and recalls at once
// whether the row holds all that was acknowledged to this writer so far.
func (l ledger) learn(ctx context.Context, m dial.Memory, from source, peers int) error {
	n, r := from.IntN(peers), from.record()
	if err := m.Remember(ctx, peer(n), r); err != nil {
		return err
	}
	l.add(n, r)
	return l.check(ctx, m, n)
}

func (l ledger) check(ctx context.Context, m dial.Memory, n int) error {
	got, err := m.Recall(ctx, peer(n))
	switch {
	case err != nil:
		return err
	case got == nil:
		return fmt.Errorf("%v is lost", peer(n))
	}
	if fault := weaker(*got, l[n]); fault != "" {
		return fmt.Errorf("%v is weaker than what was acknowledged: %s", peer(n), fault)
	}
	return nil
}

// holds checks that the store has what was acknowledged to all writers, and
// nothing that nobody brought.
func holds(t *testing.T, m dial.Memory, all ...ledger) {
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
		if fault := weaker(want, *got); fault != "" {
			t.Errorf("%v has what nobody brought: %s", peer(n), fault)
		}
	}
}
