package memstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/peers/storetest"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

func TestContract(t *testing.T) {
	if err := storetest.TestStore(t.Context(), new(memstore.Store)); err != nil {
		t.Error(err)
	}
}

func peer(i int) peers.Peer {
	return peers.Peer{Protocol: policy.IMAP, Host: fmt.Sprintf("host-%d.test", i), Port: 143}
}

func record(seen time.Time) peers.Record {
	return peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: 0x0304, Leaf: trust.KeyHash{1},
		FirstSeen: seen, LastSeen: seen, Lifetime: time.Hour,
	}
}

// A full store drops expired records, and no others.
func TestLimit(t *testing.T) {
	s := &memstore.Store{Limit: 2}
	now := time.Now()
	for i, seen := range []time.Time{now, now.Add(-2 * time.Hour)} {
		if err := s.Remember(t.Context(), peer(i), record(seen)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Remember(t.Context(), peer(2), record(now)); err != nil {
		t.Errorf("with an expired record in the store: %v", err)
	}
	if err := s.Remember(t.Context(), peer(3), record(now)); !errors.Is(err, memstore.ErrFull) {
		t.Errorf("in a full store: %v", err)
	}
	if err := s.Remember(t.Context(), peer(0), record(now)); err != nil {
		t.Errorf("known, in a full store: %v", err)
	}
	for i, known := range []bool{true, false, true, false} {
		if r, _ := s.Recall(t.Context(), peer(i)); (r != nil) != known {
			t.Errorf("peer %d: %v", i, r)
		}
	}
}

func TestForgetAndEach(t *testing.T) {
	var s memstore.Store
	for i := range 3 {
		s.Remember(t.Context(), peer(i), record(time.Now()))
	}
	s.Forget(t.Context(), peer(1))
	s.Forget(t.Context(), peer(9))
	seen := map[peers.Peer]bool{}
	err := s.Each(t.Context(), func(p peers.Peer, _ peers.Record) error {
		seen[p] = true
		return s.Forget(t.Context(), p)
	})
	if err != nil || len(seen) != 2 || !seen[peer(0)] || !seen[peer(2)] {
		t.Errorf("each: %v, %v", seen, err)
	}
	enough := errors.New("enough")
	s.Remember(t.Context(), peer(1), record(time.Now()))
	if err := s.Each(t.Context(), func(peers.Peer, peers.Record) error { return enough }); err != enough {
		t.Errorf("each: %v", err)
	}
}
