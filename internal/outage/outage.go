// Package outage has what programs that run for months share in dealing with outages:
// which of them time does not mend, how far apart tries are, and how to wait when the
// machine may sleep meanwhile.
package outage

import (
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// Permanent reports whether a person has to do something: the arguments are wrong, the
// server broke the policy or cannot be verified, or it has certainly refused the
// credentials. The end of a session is never permanent.
func Permanent(failed *dial.Error) bool {
	var certificate *tls.CertificateVerificationError
	var broken *policy.Violation
	var refused *auth.Error
	switch {
	case failed.Phase == dial.PhaseConfig:
		return true
	case failed.Phase == dial.PhaseSession:
		return false
	case errors.As(failed, &certificate):
		return true
	case errors.As(failed, &broken):
		return !broken.Temporary()
	case errors.As(failed, &refused):
		return !refused.Guessed && !refused.Temporary() && refused.Kind != auth.KindCancelled
	}
	return false
}

// Distances are how far apart tries are. They grow from Min to Max, and up to a half of
// each is random. Long is that after a refusal that should not be tried soon.
type Distances struct {
	Min, Max, Long time.Duration
	last           time.Duration
}

// After returns the distance from an outage to the next try.
func (d *Distances) After(failed *dial.Error) time.Duration {
	var refused *auth.Error
	if errors.As(failed, &refused) && (refused.Kind == auth.KindLimit || !refused.Temporary()) || throttled(failed) {
		return d.Long
	}
	d.last = min(max(2*d.last, d.Min), d.Max)
	half := d.last / 2
	return max(half+rand.N(half+1), d.Min)
}

// Reset makes the next distance Min again.
func (d *Distances) Reset() { d.last = 0 }

// throttled reports whether the last words of the server were that it is asked too much.
func throttled(failed *dial.Error) bool {
	var farewell *dial.Farewell
	if !errors.As(failed, &farewell) {
		return false
	}
	words := strings.ToLower(farewell.Reply)
	for _, w := range []string{"too many", "throttl", "rate limit", "connection limit", "bandwidth limit", "exceeded"} {
		if strings.Contains(words, w) {
			return true
		}
	}
	return false
}
