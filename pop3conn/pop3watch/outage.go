package pop3watch

import (
	"crypto/tls"
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/backoff"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// pause returns how long to wait behind an outage.
func (w *watch) pause(failed *dial.Error) time.Duration {
	var refused *auth.Error
	var soon *pop3conn.LoginDelayError
	switch {
	case errors.As(failed, &soon) && soon.RetryAfter > 0:
		w.loginDelay = soon.RetryAfter
		return soon.RetryAfter
	case errors.As(failed, &refused) && (refused.Kind == auth.KindLimit || !refused.Temporary()):
		return w.LongDelay
	}
	return w.grow()
}

// isPermanent reports whether a person has to do something: the arguments are wrong,
// the server broke the policy or cannot be verified, or it has certainly refused the
// credentials.
func isPermanent(failed *dial.Error) bool {
	var certificate *tls.CertificateVerificationError
	var broken *policy.Violation
	var refused *auth.Error
	switch {
	case failed.Phase == dial.PhaseConfig:
		return true
	case failed.Phase == dial.PhaseSession:
		return errors.Is(failed, errNoUIDL)
	case errors.As(failed, &certificate):
		return true
	case errors.As(failed, &broken):
		return !broken.Temporary()
	case errors.As(failed, &refused):
		return !refused.Guessed && !refused.Temporary() && refused.Kind != auth.KindCancelled
	}
	return false
}

// grow returns the next distance of two tries.
func (w *watch) grow() time.Duration {
	w.failures++
	return max(backoff.Distances{First: w.MinDelay, Most: w.MaxDelay}.After(w.failures), w.MinDelay)
}

// errNoUIDL is why a server without unique identifiers cannot be watched.
var errNoUIDL = errors.New("server has no unique identifiers (UIDL)")

// outage returns the end of the session, or a refusal that did not end it, as a
// [*dial.Error].
func (l *look) outage(err error) error {
	if ended := new(dial.Error); errors.As(err, &ended) && !errors.Is(err, pop3conn.ErrNotConfirmed) {
		return ended
	}
	return &dial.Error{Phase: dial.PhaseSession, Endpoint: l.client.Security().Endpoint, Err: err}
}
