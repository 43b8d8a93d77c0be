// Package memstore has a [peers.Store] in the memory of the program. It is for tests,
// and for programs that dial the same servers again and again in one run.
//
//	dialer := dial.Dialer{Peers: new(memstore.Store)}
package memstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
)

// DefaultLimit is the number of servers that a Store holds if its Limit is not set.
const DefaultLimit = 10000

// ErrFull is returned by [Store.Remember] for a new server if the store is full and no
// record has expired. A record that has not expired is never dropped for a new one.
var ErrFull = errors.New("memstore: full")

// Store remembers servers in memory. The zero value is an empty store, ready to use.
// The methods may be called by many goroutines at once. A Store must not be copied
// after its first use.
type Store struct {
	// Limit is the largest number of servers. Zero means [DefaultLimit]. It must not
	// be changed after the first use.
	Limit int

	mu    sync.RWMutex
	peers map[peers.Peer]peers.Record
}

var _ peers.Store = (*Store)(nil)

// Recall returns the record of a server, and nil if there is none. It never fails.
func (s *Store) Recall(_ context.Context, p peers.Peer) (*peers.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r, known := s.peers[p]; known {
		return &r, nil
	}
	return nil, nil
}

// Remember adds what a session has shown to the record of a server. It fails with
// [ErrFull], or with the error of [peers.Peer.Validate] or [peers.Record.Validate].
func (s *Store) Remember(_ context.Context, p peers.Peer, seen peers.Record) error {
	if err := errors.Join(p.Validate(), seen.Validate()); err != nil {
		return fmt.Errorf("memstore: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.peers[p]
	switch {
	case known:
		seen = old.Merge(seen)
	case len(s.peers) >= cmp.Or(max(s.Limit, 0), DefaultLimit) && !s.dropExpired():
		return ErrFull
	}
	if s.peers == nil {
		s.peers = map[peers.Peer]peers.Record{}
	}
	s.peers[p] = seen
	return nil
}

// dropExpired removes the records that have expired, and reports whether there were
// any.
func (s *Store) dropExpired() bool {
	before, now := len(s.peers), time.Now()
	maps.DeleteFunc(s.peers, func(_ peers.Peer, r peers.Record) bool { return r.Expired(now) })
	return len(s.peers) < before
}

// Forget removes the record of a server, as if the server had never been dialled. It
// never fails, also if there is no record.
func (s *Store) Forget(_ context.Context, p peers.Peer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
	return nil
}

// Each calls f for every server, in no particular order. If f returns an error, Each
// stops and returns it. f may use the store.
func (s *Store) Each(_ context.Context, f func(peers.Peer, peers.Record) error) error {
	s.mu.RLock()
	all := maps.Clone(s.peers)
	s.mu.RUnlock()
	for p, r := range all {
		if err := f(p, r); err != nil {
			return err
		}
	}
	return nil
}
