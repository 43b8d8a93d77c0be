package stream

import "time"

// clock is the time that the server has to get on with the answers that are due. It
// begins anew with every progress: a tagged answer, a message that was asked for, a
// piece of a body. It stands while the program keeps the reader waiting.
type clock struct {
	limit time.Duration // 0: none
	by    time.Time     // when the time is up; zero while nothing is due
	set   time.Time     // the connection's deadline
	now   time.Time     // when the reader was last seen
	away  bool          // the reader has gone: the client works on what it was given
	watch *time.Timer   // ends the session if it stays away while an answer is due

	chatter int64 // bytes since the last progress, beyond what compression explains
}

// patience is how long the reader may be away for each time before the clock stands.
const patience = time.Second

// progress begins the time anew, if an answer is due.
func (c *clock) progress(due bool) {
	c.chatter = 0
	if c.by = (time.Time{}); due && c.limit > 0 {
		c.by = c.now.Add(c.limit)
	}
}

// late reports whether the time is up.
func (c *clock) late() bool { return !c.by.IsZero() && !c.now.Before(c.by) }
