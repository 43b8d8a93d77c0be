// Package outage deals with the outages of programs that run for months: which of them are
// permanent, how long to wait before the next attempt, and how to wait if the machine may
// sleep meanwhile.
package outage

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// permanent reports whether only a person can help: the arguments are wrong, the server
// broke the policy or cannot be verified, it has certainly refused the credentials, or it
// demands a login and there are no credentials. The end of a session is never permanent,
// nor is a refusal in the greeting, whatever its reason.
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

// isRare reports whether the next attempt should not come soon: the server has reported too
// many connections, may have refused the credentials, or turns this client away.
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

// isThrottled reports whether a server's last words say that there are too many
// connections or commands.
func isThrottled(reply string) bool {
	reply = strings.ToLower(reply)
	for _, words := range []string{"too many", "throttl", "rate limit", "connection limit", "bandwidth limit", "limits exceeded", "exceeded command", "quota exceeded"} {
		if strings.Contains(reply, words) {
			return true
		}
	}
	return false
}
