package sqltest

import (
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
)

// What a statement leaves is what Record.Merge returns, to the bit, for
// sequences of random records.
func TestStatementIsMerge(t *testing.T) {
	onAll(t, func(t *testing.T, d database) {
		const servers, length = 400, 8
		s, _, _ := d.store(t)
		from := random(t)
		var later, ahead int
		for i := range servers {
			var known peers.Record
			for n := range length {
				seen := from.record()
				if n == 0 {
					known = seen
				} else {
					later += count(!seen.LastSeen.Before(known.LastSeen))
					ahead += count(known.Merge(seen).LastSeen.Before(known.LastSeen))
					known = known.Merge(seen)
				}
				check(t, s.Remember(t.Context(), peer(i), seen))
				got, err := s.Recall(t.Context(), peer(i))
				check(t, err)
				if *got != known {
					t.Fatalf("after %+v\ngot  %+v\nwant %+v", seen, *got, known)
				}
			}
		}
		all := servers * (length - 1)
		t.Logf("%d merges: %d by a later record, %d by one whose clock is believed", all, later, ahead)
		if later < all/10 || ahead < all/10 || later+ahead > all*9/10 {
			t.Error("the random records do not cover the rule")
		}
	})
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// What is not a whole second becomes one, and the lifetime no shorter.
func TestWholeSeconds(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s, _, _ := d.store(t)
		r := random(t).record()
		r.Lifetime = time.Minute + 1
		r.LastSeen = r.LastSeen.Add(time.Second - 1)
		check(t, s.Remember(t.Context(), peer(0), r))
		got, err := s.Recall(t.Context(), peer(0))
		check(t, err)
		if got.Lifetime != time.Minute+time.Second || !got.LastSeen.Equal(r.LastSeen.Truncate(time.Second)) {
			t.Errorf("got %+v of %+v", got, r)
		}
	})
}

// In whatever order the statements of many come, no record that was
// acknowledged is stronger than the row.
func TestNeverWeaker(t *testing.T) { onAll(t, manyWriters) }

func manyWriters(t *testing.T, d database) {
	const writers, rounds, servers = 8, 60, 4
	s, _, _ := d.store(t)
	acknowledged := make([]ledger, writers)
	var wg sync.WaitGroup
	for w := range writers {
		acknowledged[w] = ledger{}
		from := random(t)
		wg.Go(func() {
			for range rounds {
				if err := acknowledged[w].learn(t.Context(), s, from, servers); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	holds(t, s, acknowledged...)
}
