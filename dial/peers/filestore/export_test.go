package filestore

import (
	"os"

	"github.com/mailconn/mailconn/dial/peers"
)

// Lock gives tests the lock of a file.
var Lock = lock

// Line gives tests (entry).line, and Parse its counterpart. A nil record is one
// that is forgotten.
func Line(p peers.Peer, r *peers.Record) []byte { return entry{p, r}.line() }

func Parse(line []byte) (peers.Peer, *peers.Record, error) {
	e, err := parse(line)
	return e.peer, e.record, err
}

// ParseHead reads the first line of a file.
func ParseHead(line []byte) error {
	_, err := parseHead(line)
	return err
}

// Seal writes a line of any fields.
var Seal = seal

// SetSlack makes s write its file anew more often.
func (s *Store) SetSlack(n int) { s.slack = n }

// OnWrite, OnSync and OnSyncDir put f in the place of what the system does.
func (s *Store) OnWrite(f func(*os.File, []byte, int64) (int, error)) { s.disk.write = f }
func (s *Store) OnSync(f func(*os.File) error)                        { s.disk.sync = f }
func (s *Store) OnSyncDir(f func(string) error)                       { s.disk.syncDir = f }
