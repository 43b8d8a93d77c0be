package fetch

import "time"

// Seen is what the sessions with a mailbox have stored. [File] is one; a program
// with a database has its own. It is used by one goroutine at a time.
type Seen interface {
	// Stored reports whether and when a message was stored. Its key is printable
	// ASCII, mostly of less than 80 characters.
	Stored(key string) (at time.Time, ok bool)

	// Store takes note of a message that was stored. When it returns nil the
	// note must survive a crash.
	Store(key string, at time.Time) error

	// Keep forgets the keys for which keep returns false. No harm is done by one
	// that forgets later, or never.
	Keep(keep func(key string) bool) error
}
