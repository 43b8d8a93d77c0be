package pop3watch

import (
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/pop3conn"
)

// pause returns how long to wait behind an outage.
func (w *watch) pause(failed *dial.Error) time.Duration {
	var soon *pop3conn.LoginDelayError
	if errors.As(failed, &soon) && soon.RetryAfter > 0 {
		w.loginDelay = soon.RetryAfter
		return soon.RetryAfter
	}
	return w.distances.After(failed)
}

// isPermanent reports whether a person has to do something.
func isPermanent(failed *dial.Error) bool {
	return outage.Permanent(failed) || errors.Is(failed, errNoUIDL)
}
