package outage

import (
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/backoff"
)

// Tries says whether there is another try after an outage, and when. The distances between
// tries grow from Min to Max, and up to a half of each is random. Long is that after a refusal
// that should not be tried soon.
type Tries struct {
	Min, Max, Long time.Duration
	failures       int  // since Reset
	loggedIn       bool // since the credentials were refused last
}

// LoggedIn takes note that a login has succeeded.
func (t *Tries) LoggedIn() { t.loggedIn = true }

// Permanent reports whether there is no other try, as a person has to do something. If the
// credentials were good before, there is one more: a server that restarts may refuse them.
func (t *Tries) Permanent(failed *dial.Error) bool {
	if !permanent(failed) {
		return false
	}
	var refused *auth.Error
	if t.loggedIn && errors.As(failed, &refused) {
		t.loggedIn = false
		return false
	}
	return true
}

// After returns the distance from an outage to the next try.
func (t *Tries) After(failed *dial.Error) time.Duration {
	if isRare(failed) {
		return t.Long
	}
	t.failures++
	return max(backoff.Distances{First: t.Min, Most: t.Max}.After(t.failures), t.Min)
}

// Reset makes the next distance Min again.
func (t *Tries) Reset() { t.failures = 0 }
