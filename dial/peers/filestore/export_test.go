package filestore

import (
	"os"

	"github.com/mailconn/mailconn/dial/peers"
)

// Line returns the line for a record, or for a server that is forgotten if r is nil.
// Parse parses a line.
func Line(p peers.Peer, r *peers.Record) []byte { return entry{p, r}.line() }

func Parse(line []byte) (peers.Peer, *peers.Record, error) {
	e, err := parse(line)
	return e.peer, e.record, err
}

// ParseHead parses the first line of a file.
func ParseHead(line []byte) error {
	_, err := parseHead(line)
	return err
}

// Seal returns a line with the given fields.
var Seal = seal

// SetSlack sets how many lines that no longer apply are left in the file.
func (s *Store) SetSlack(n int) { s.slack = n }

// OnWrite, OnSync and OnSyncDir replace system calls.
func (s *Store) OnWrite(f func(*os.File, []byte, int64) (int, error)) { s.disk.write = f }
func (s *Store) OnSync(f func(*os.File) error)                        { s.disk.sync = f }
func (s *Store) OnSyncDir(f func(string) error)                       { s.disk.syncDir = f }
