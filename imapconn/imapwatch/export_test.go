package imapwatch

import (
	"os"
	"time"

	"github.com/emersion/go-imap/v2"
)

// SetClock sets the wall clock.
func (c *Config) SetClock(now func() time.Time) { c.clock = now }

// OnSync replaces the sync of a File.
func OnSync(p Positions, sync func(*os.File) error) { p.(*file).sync = sync }

// The functions on sets.
var (
	Normal = normal
	Minus  = minus
	Nth    = nth
)

// At returns a position.
func At(validity uint32, modSeq uint64, uids imap.UIDSet) Position {
	return Position{begun: true, validity: validity, modSeq: modSeq, uids: uids}
}
