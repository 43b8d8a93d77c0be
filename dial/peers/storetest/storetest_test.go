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

// bent is a good memory with something wrong.
type bent struct {
	*memstore.Store
	recall   func(*peers.Record) (*peers.Record, error)
	remember func(*memstore.Store, peers.Peer, *peers.Record)
	peer     func(*peers.Peer)
	lax      bool
}

func (b bent) Recall(ctx context.Context, p peers.Peer) (*peers.Record, error) {
	if b.peer != nil {
		b.peer(&p)
	}
	r, err := b.Store.Recall(ctx, p)
	if b.recall != nil && err == nil {
		return b.recall(r)
	}
	return r, err
}

func (b bent) Remember(ctx context.Context, p peers.Peer, r peers.Record) error {
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

// The contract is not kept by just anything.
func TestFindsBreaches(t *testing.T) {
	for name, b := range map[string]bent{
		"knows strangers":  {recall: func(*peers.Record) (*peers.Record, error) { return &peers.Record{}, nil }},
		"cannot be asked":  {recall: func(*peers.Record) (*peers.Record, error) { return nil, errors.New("away") }},
		"knows nobody":     {recall: func(*peers.Record) (*peers.Record, error) { return nil, nil }},
		"loses issuers":    {remember: func(_ *memstore.Store, _ peers.Peer, r *peers.Record) { r.Issuer = trust.KeyHash{} }},
		"loses mechanisms": {remember: func(_ *memstore.Store, _ peers.Peer, r *peers.Record) { r.Mechanisms = 0 }},
		"last writer wins": {remember: func(s *memstore.Store, p peers.Peer, _ *peers.Record) { s.Forget(context.Background(), p) }},
		"mixes protocols":  {peer: func(p *peers.Peer) { p.Protocol = 1 }},
		"mixes ports":      {peer: func(p *peers.Peer) { p.Port = 1 }},
		"mixes hosts":      {peer: func(p *peers.Peer) { p.Host = "one" }},
		"says yes to all":  {lax: true},
	} {
		b.Store = new(memstore.Store)
		if storetest.TestStore(t.Context(), b) == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}
