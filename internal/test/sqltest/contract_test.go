package sqltest

import (
	"errors"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/storetest"
	"github.com/mailconn/mailconn/policy"
)

func TestContract(t *testing.T) {
	onAll(t, func(t *testing.T, d database) {
		s, _, _ := d.store(t)
		if err := storetest.TestStore(t.Context(), s); err != nil {
			t.Error(err)
		}
	})
}

// Each lists in order, and its function may use the store though there is only
// one connection.
func TestForgetAndEach(t *testing.T) {
	onAll(t, func(t *testing.T, d database) {
		s, db, _ := d.store(t)
		db.SetMaxOpenConns(1)
		list := []peers.Peer{
			{Protocol: policy.IMAP, Host: "fe80::1%Eth0", Port: 143}, // not the same as the next
			{Protocol: policy.IMAP, Host: "fe80::1%eth0", Port: 143},
			{Protocol: policy.IMAP, Host: "fe80::1%eth0", Port: 993},
			{Protocol: policy.SMTP, Host: "a.test", Port: 25},
		}
		for _, i := range []int{2, 0, 3, 1} {
			check(t, s.Remember(t.Context(), list[i], random(t).record()))
		}
		var seen []peers.Peer
		check(t, s.Each(t.Context(), func(p peers.Peer, r peers.Record) error {
			seen = append(seen, p)
			return errors.Join(r.Validate(), s.Forget(t.Context(), p))
		}))
		if !slices.Equal(seen, list) {
			t.Errorf("each: %v", seen)
		}
		for _, p := range list {
			if r, err := s.Recall(t.Context(), p); r != nil || err != nil {
				t.Errorf("%v is not forgotten: %v, %v", p, r, err)
			}
		}
		check(t, s.Forget(t.Context(), list[0]))
		enough := errors.New("enough")
		check(t, s.Remember(t.Context(), list[0], random(t).record()))
		if err := s.Each(t.Context(), func(peers.Peer, peers.Record) error { return enough }); err != enough {
			t.Errorf("each: %v", err)
		}
	})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
