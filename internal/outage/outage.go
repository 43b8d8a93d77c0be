// Package outage has what programs that run for months share in dealing with outages:
// which of them time does not mend, how far apart tries are, and how to wait when the
// machine may sleep meanwhile.
package outage

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// permanent reports whether a person has to do something: the arguments are wrong, the
// server broke the policy or cannot be verified, it has certainly refused the
// credentials, or wants a login and there is none. The end of a session is never permanent,
// nor is a server that turns the client away in its greeting, for whatever reason.
func permanent(failed *dial.Error) bool {
	var certificate *tls.CertificateVerificationError
	var broken *policy.Violation
	var refused *auth.Error
	var none *NoLogin
	switch {
	case failed.Phase == dial.PhaseConfig, errors.As(failed, &none):
		return true
	case failed.Phase == dial.PhaseSession:
		return false
	case errors.As(failed, &certificate):
		return true
	case errors.As(failed, &broken):
		return !broken.Temporary() && !turnedAway(failed, broken)
	case errors.As(failed, &refused):
		return !refused.Guessed && !refused.Temporary() && refused.Kind != auth.KindCancelled
	}
	return false
}

// turnedAway reports whether the server's greeting was a refusal.
func turnedAway(failed *dial.Error, broken *policy.Violation) bool {
	return failed.Phase == dial.PhaseGreeting && broken.Reason == policy.ErrRefused
}

// isRare reports whether an outage should not be tried again soon: the server speaks of too
// many connections, or of the credentials, or wants nothing of this client.
func isRare(failed *dial.Error) bool {
	var refused *auth.Error
	if errors.As(failed, &refused) {
		return refused.Kind == auth.KindLimit || !refused.Temporary()
	}
	var broken *policy.Violation
	if errors.As(failed, &broken) && turnedAway(failed, broken) {
		return !broken.Temporary() || isThrottled(broken.Reply)
	}
	var farewell *dial.Farewell
	return errors.As(failed, &farewell) && isThrottled(farewell.Reply)
}

// isThrottled reports whether the last words of a server are that it is asked too much.
func isThrottled(reply string) bool {
	reply = strings.ToLower(reply)
	for _, words := range []string{"too many", "throttl", "rate limit", "connection limit", "bandwidth limit", "limits exceeded", "exceeded command", "quota exceeded"} {
		if strings.Contains(reply, words) {
			return true
		}
	}
	return false
}
