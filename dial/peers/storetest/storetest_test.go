package storetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/peers/storetest"
	"github.com/mailconn/mailconn/dial/trust"
)

// faulty is a store with one fault.
type faulty struct {
	*memstore.Store
	recall   func(*peers.Record) (*peers.Record, error)
	remember func(*memstore.Store, peers.Peer, *peers.Record)
	peer     func(*peers.Peer)
	lax      bool // Remember never fails
}

func (b faulty) Recall(ctx context.Context, p peers.Peer) (*peers.Record, error) {
	if b.peer != nil {
		b.peer(&p)
	}
	r, err := b.Store.Recall(ctx, p)
	if b.recall != nil && err == nil {
		return b.recall(r)
	}
	return r, err
}

func (b faulty) Remember(ctx context.Context, p peers.Peer, r peers.Record) error {
	if b.peer != nil {
		b.peer(&p)
	}
	if b.remember != nil {
		b.remember(b.Store, p, &r)
	}
	if err := b.Store.Remember(ctx, p, r); !b.lax {
		return err
	}
	return nil
}

// TestStore finds every fault.
func TestFindsFaults(t *testing.T) {
	for name, b := range map[string]faulty{
		"invents records":  {recall: func(*peers.Record) (*peers.Record, error) { return &peers.Record{}, nil }},
		"always fails":     {recall: func(*peers.Record) (*peers.Record, error) { return nil, errors.New("away") }},
		"keeps nothing":    {recall: func(*peers.Record) (*peers.Record, error) { return nil, nil }},
		"loses issuers":    {remember: func(_ *memstore.Store, _ peers.Peer, r *peers.Record) { r.Issuer = trust.KeyHash{} }},
		"loses mechanisms": {remember: func(_ *memstore.Store, _ peers.Peer, r *peers.Record) { r.Mechanisms = 0 }},
		"last writer wins": {remember: func(s *memstore.Store, p peers.Peer, _ *peers.Record) { s.Forget(context.Background(), p) }},
		"mixes protocols":  {peer: func(p *peers.Peer) { p.Protocol = 1 }},
		"mixes ports":      {peer: func(p *peers.Peer) { p.Port = 1 }},
		"mixes hosts":      {peer: func(p *peers.Peer) { p.Host = "one" }},
		"never refuses":    {lax: true},
	} {
		b.Store = new(memstore.Store)
		if storetest.TestStore(t.Context(), b) == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}
