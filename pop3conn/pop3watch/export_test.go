package pop3watch

import "time"

// SetClock sets the wall clock.
func (c *Config) SetClock(now func() time.Time) { c.clock = now }

// BreakFile closes what a File writes to.
func BreakFile(s Seen) { s.(*file).f.Close() }
