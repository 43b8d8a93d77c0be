package pop3conn

import (
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line/pop3"
)

// LoginDelayError is a login that came too soon after the last (RFC 2449
// §8.1.1). It is inside the [*dial.Error] of Dial and New.
type LoginDelayError struct {
	// RetryAfter is how far apart the server said that logins must be, in its
	// capabilities; zero if it did not say.
	RetryAfter time.Duration
	Err        error
}

// Error returns the login's error with the time to wait, if that is known.
func (e *LoginDelayError) Error() string {
	if e.RetryAfter == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v (try again after %v)", e.Err, e.RetryAfter)
}

// Unwrap returns the error of the login, an [*auth.Error].
func (e *LoginDelayError) Unwrap() error { return e.Err }

// delayed recognises a login that came too soon.
func delayed(err error, caps []string) error {
	var refused *auth.Error
	if !errors.As(err, &refused) {
		return err
	}
	if refused.Code != pop3.CodeLoginDelay {
		return err
	}
	return &LoginDelayError{features(caps).LoginDelay.Minimum, err}
}
