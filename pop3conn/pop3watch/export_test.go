package pop3watch

import (
	"os"
	"time"
)

// SetClock sets the wall clock.
func (c *Config) SetClock(now func() time.Time) { c.clock = now }

// OnSync replaces the sync of a File.
func OnSync(s Seen, sync func(*os.File) error) { s.(*file).sync = sync }

// BreakFile closes what a File writes to.
func BreakFile(s Seen) { s.(*file).f.Close() }
