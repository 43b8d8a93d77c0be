package outage

import (
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/backoff"
)

// Tries decides whether there is another attempt after an outage, and when. The waits grow
// from Min to Max, and each is shortened at random by up to a half. Long is the wait after
// a refusal that should not be repeated soon.
type Tries struct {
	Min, Max, Long time.Duration
	failures       int  // since Reset
	loggedIn       bool // since the credentials were refused last
}

// LoggedIn notes that a login has succeeded.
func (t *Tries) LoggedIn() { t.loggedIn = true }

// Permanent reports whether there is no other attempt, since only a person can help. If the
// credentials were accepted before, there is one more, since a server that restarts may
// refuse them.
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

// After returns the wait from an outage to the next attempt.
func (t *Tries) After(failed *dial.Error) time.Duration {
	if isRare(failed) {
		return t.Long
	}
	t.failures++
	return max(backoff.Distances{First: t.Min, Most: t.Max}.After(t.failures), t.Min)
}

// Reset makes the next wait Min again.
func (t *Tries) Reset() { t.failures = 0 }
