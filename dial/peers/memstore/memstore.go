// Package memstore is a [peers.Store] that lives as long as the program: for
// tests, and for programs that dial the same servers again and again in one run.
package memstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
)

// DefaultLimit is how many servers a Store holds if nothing else is said.
const DefaultLimit = 10000

// ErrFull is returned for a new server when the store is full of others that
// have not expired. What is remembered is never given up for something new.
var ErrFull = errors.New("memstore: full")

// Store remembers servers in memory. The zero value is empty and ready to use.
// Its methods may be called by many goroutines at once. A Store must not be
// copied.
type Store struct {
	// Limit is how many servers are held; 0 means DefaultLimit. It must not be
	// changed once the store is used.
	Limit int

	mu    sync.RWMutex
	peers map[peers.Peer]peers.Record
}

var _ peers.Store = (*Store)(nil)

// Recall returns what is remembered of a server, nil if nothing is. It never
// fails.
func (s *Store) Recall(_ context.Context, p peers.Peer) (*peers.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r, known := s.peers[p]; known {
		return &r, nil
	}
	return nil, nil
}

// Remember adds what a session has shown. It fails with the error of
// [peers.Record.Validate], or with [ErrFull].
func (s *Store) Remember(_ context.Context, p peers.Peer, seen peers.Record) error {
	if err := seen.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.peers[p]
	switch {
	case known:
		seen = old.Merge(seen)
	case len(s.peers) >= s.limit() && !s.makeRoom():
		return ErrFull
	}
	if s.peers == nil {
		s.peers = map[peers.Peer]peers.Record{}
	}
	s.peers[p] = seen
	return nil
}

func (s *Store) limit() int {
	if s.Limit > 0 {
		return s.Limit
	}
	return DefaultLimit
}

// makeRoom drops what has expired, and reports whether that was anything.
func (s *Store) makeRoom() bool {
	before, now := len(s.peers), time.Now()
	for p, r := range s.peers {
		if r.Expired(now) {
			delete(s.peers, p)
		}
	}
	return len(s.peers) < before
}

// Forget removes a server: the next dial meets a stranger. It never fails, also
// not for a server that is not known.
func (s *Store) Forget(_ context.Context, p peers.Peer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
	return nil
}

// Each calls f for every server, in no order, until it returns an error, which
// Each returns. f may use the store.
func (s *Store) Each(_ context.Context, f func(peers.Peer, peers.Record) error) error {
	for p, r := range s.snapshot() {
		if err := f(p, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) snapshot() map[peers.Peer]peers.Record {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make(map[peers.Peer]peers.Record, len(s.peers))
	for p, r := range s.peers {
		all[p] = r
	}
	return all
}
