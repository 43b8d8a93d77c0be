package dialtest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/memstore"
)

// bent is a good memory with something wrong.
type bent struct {
	*memstore.Store
	recall   func(*dial.Record) (*dial.Record, error)
	remember func(*memstore.Store, dial.Peer, *dial.Record)
	peer     func(*dial.Peer)
	lax      bool
}

func (b bent) Recall(ctx context.Context, p dial.Peer) (*dial.Record, error) {
	if b.peer != nil {
		b.peer(&p)
	}
	r, err := b.Store.Recall(ctx, p)
	if b.recall != nil && err == nil {
		return b.recall(r)
	}
	return r, err
}

func (b bent) Remember(ctx context.Context, p dial.Peer, r dial.Record) error {
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
func TestCheckMemoryFindsBreaches(t *testing.T) {
	for name, b := range map[string]bent{
		"knows strangers":  {recall: func(*dial.Record) (*dial.Record, error) { return &dial.Record{}, nil }},
		"cannot be asked":  {recall: func(*dial.Record) (*dial.Record, error) { return nil, errors.New("away") }},
		"knows nobody":     {recall: func(*dial.Record) (*dial.Record, error) { return nil, nil }},
		"loses issuers":    {remember: func(_ *memstore.Store, _ dial.Peer, r *dial.Record) { r.Issuer = dial.KeyHash{} }},
		"loses mechanisms": {remember: func(_ *memstore.Store, _ dial.Peer, r *dial.Record) { r.Mechanisms = 0 }},
		"last writer wins": {remember: func(s *memstore.Store, p dial.Peer, _ *dial.Record) { s.Forget(context.Background(), p) }},
		"mixes protocols":  {peer: func(p *dial.Peer) { p.Protocol = 1 }},
		"mixes ports":      {peer: func(p *dial.Peer) { p.Port = 1 }},
		"mixes hosts":      {peer: func(p *dial.Peer) { p.Host = "one" }},
		"says yes to all":  {lax: true},
	} {
		b.Store = new(memstore.Store)
		if dialtest.CheckMemory(t.Context(), b) == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}
