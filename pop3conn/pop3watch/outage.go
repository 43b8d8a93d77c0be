package pop3watch

import (
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/pop3conn"
)

// maxLoginDelay bounds the distance between logins that a server can demand.
const maxLoginDelay = 24 * time.Hour

// pause returns how long to wait after an outage.
func (w *watch) pause(failed *dial.Error) time.Duration {
	var soon *pop3conn.LoginDelayError
	if errors.As(failed, &soon) && soon.RetryAfter > 0 {
		w.loginDelay = min(soon.RetryAfter, maxLoginDelay)
		return w.loginDelay
	}
	return w.tries.After(failed)
}

// isPermanent reports whether a person has to do something.
func (w *watch) isPermanent(failed *dial.Error) bool {
	return w.tries.Permanent(failed) || errors.Is(failed, errNoUIDL)
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
