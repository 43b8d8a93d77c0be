package sqltest

import (
	"errors"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

func TestContract(t *testing.T) {
	onAll(t, func(t *testing.T, d database) {
		s, _, _ := d.store(t)
		if err := dialtest.CheckMemory(t.Context(), s); err != nil {
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
		peers := []dial.Peer{
			{Protocol: policy.IMAP, Host: "Fe80::1%Eth0", Port: 143}, // not the same as the next
			{Protocol: policy.IMAP, Host: "fe80::1%eth0", Port: 143},
			{Protocol: policy.IMAP, Host: "fe80::1%eth0", Port: 993},
			{Protocol: policy.SMTP, Host: "a.test", Port: 25},
		}
		for _, i := range []int{2, 0, 3, 1} {
			check(t, s.Remember(t.Context(), peers[i], random(t).record()))
		}
		var seen []dial.Peer
		check(t, s.Each(t.Context(), func(p dial.Peer, r dial.Record) error {
			seen = append(seen, p)
			return errors.Join(r.Validate(), s.Forget(t.Context(), p))
		}))
		if !slices.Equal(seen, peers) {
			t.Errorf("each: %v", seen)
		}
		for _, p := range peers {
			if r, err := s.Recall(t.Context(), p); r != nil || err != nil {
				t.Errorf("%v is not forgotten: %v, %v", p, r, err)
			}
		}
		check(t, s.Forget(t.Context(), peers[0]))
		enough := errors.New("enough")
		check(t, s.Remember(t.Context(), peers[0], random(t).record()))
		if err := s.Each(t.Context(), func(dial.Peer, dial.Record) error { return enough }); err != enough {
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
