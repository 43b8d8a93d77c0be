package pop3conn

import (
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/wire"
)

// LoginDelayError is the error of a login that came too soon after the last (RFC 2449
// §8.1.1). It is in the chain of the [*dial.Error] of [Dial] and [New].
type LoginDelayError struct {
	// RetryAfter is the least time between logins by the server's capabilities; zero
	// if they do not say.
	RetryAfter time.Duration
	Err        error // of the login, an [*auth.Error]
}

// Error returns the login's error, with the time to wait if that is known.
func (e *LoginDelayError) Error() string {
	if e.RetryAfter == 0 {
		return wire.Printable(e.Err.Error())
	}
	return wire.Printable(fmt.Sprintf("try again after %v: %v", e.RetryAfter, e.Err))
}

// Unwrap returns the error of the login, an [*auth.Error].
func (e *LoginDelayError) Unwrap() error { return e.Err }

// delayed returns err, as a LoginDelayError if the login came too soon.
func delayed(err error, caps []string) error {
	if err == nil {
		return nil
	}
	var refused *auth.Error
	if !errors.As(err, &refused) || refused.Code != pop3.CodeLoginDelay {
		return err
	}
	return &LoginDelayError{parseFeatures(caps).LoginDelay.Minimum, err}
}
