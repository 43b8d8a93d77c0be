package dial_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// shaky is a store that sometimes fails, forgets, or returns other times.
type shaky struct {
	store *memstore.Store
	fault int
}

func (s shaky) Recall(ctx context.Context, p peers.Peer) (*peers.Record, error) {
	r, err := s.store.Recall(ctx, p)
	switch {
	case s.fault == 0:
		return nil, errors.New("away")
	case r == nil:
	case s.fault == 1:
		r.LastSeen = r.LastSeen.Add(-r.Lifetime)
		r.FirstSeen = r.LastSeen
	case s.fault == 2:
		r.LastSeen = r.LastSeen.AddDate(3, 0, 0)
	case s.fault == 3:
		r.Version = 0
	}
	return r, err
}

func (s shaky) Remember(ctx context.Context, p peers.Peer, r peers.Record) error {
	if s.fault == 4 {
		return errors.New("full")
	}
	return s.store.Remember(ctx, p, r)
}

// level orders what a dial can reach.
func level(conn *dial.Conn, err error) int {
	switch {
	case err != nil:
		return 0
	case !conn.Security().Encrypted():
		return 1
	case conn.Security().Verified == trust.None:
		return 2
	}
	return 3
}

// With a store no dial succeeds that would fail without one, and none is protected less.
// Each dial of random walks through networks, policies and faults is made twice, with
// the store and without.
func TestMemoryOnlyTightens(t *testing.T) {
	ca := newCA(t)
	var servers []*dialtest.Server
	for _, c := range []dialtest.Config{
		{}, {NoSTARTTLS: true}, {TLS: &tls.Config{MaxVersion: tls.VersionTLS12}}, {Cert: dialtest.CertExpired},
		{Cert: dialtest.CertSelfSigned}, {Greeting: "* PREAUTH hello"},
	} {
		c.Protocol, c.CA = policy.IMAP, ca
		servers = append(servers, testserver.Start(t, c))
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	dials, refused := 0, 0
	for range 60 {
		store := new(memstore.Store)
		var walk []string
		for range 12 {
			step := step{server: random.IntN(len(servers)), policy: policy.NoTLS + policy.Policy(random.IntN(4)), fault: random.IntN(20), bits: random.IntN(8)}
			walk = append(walk, fmt.Sprintf("%+v", step))
			with, without := step.dial(t, servers, ca, store)
			dials++
			if with == 0 && without > 0 {
				refused++
			}
			if with > without || with != 0 && with < without {
				t.Fatalf("seed %d: level %d with a memory, %d without: %v", seed, with, without, walk)
			}
		}
	}
	if refused == 0 {
		t.Errorf("seed %d: the memory never refused anything in %d dials", seed, dials)
	}
	t.Logf("%d dials, %d refused by memory alone", dials, refused)
	papers.Says(t, "SECURITY.md", "%d pairs of dials", dials)
}

// step is one event of a walk.
type step struct {
	server int
	policy policy.Policy
	fault  int
	bits   int
}

// dial dials the same name, whatever the server, with the store and without.
func (s step) dial(t *testing.T, servers []*dialtest.Server, ca *dialtest.CA, store *memstore.Store) (with, without int) {
	t.Helper()
	e := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Port: 143, Policy: s.policy}
	d := dial.Dialer{TLSConfig: ca.ClientConfig(), NetDialer: servers[s.server].NetDialer()}
	reach := func() int {
		conn, err := d.Dial(t.Context(), e)
		if conn != nil {
			defer conn.Abort()
		}
		return level(conn, err)
	}
	without = reach()
	d.Peers = shaky{store, s.fault}
	d.PeerRules = peers.Rules{HoldVersion: s.bits&1 != 0, HoldAuth: s.bits&2 != 0, InsecureForget: s.bits&4 != 0}
	return reach(), without
}
