package auth

import (
	"errors"

	"github.com/mailconn/mailconn/dial/auth/internal/redact"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// redactor takes secrets out of what the errors of a login hold.
type redactor struct{ redact.Redactor }

// cleanError takes them out of the server's words in an error of the protocol.
func (r *redactor) cleanError(err error) error {
	if err == nil {
		return nil
	}
	var broken *policy.Violation
	if errors.As(err, &broken) {
		broken.Reply = r.Clean(broken.Reply)
	}
	var closed *wire.Closed
	if errors.As(err, &closed) {
		closed.Reply, closed.Partial = r.Clean(closed.Reply), r.CleanPartial(closed.Partial)
	}
	var failed *Error
	if errors.As(err, &failed) {
		failed.Reply = r.Clean(failed.Reply)
	}
	return err
}

// cleanDetail takes them out of what a server said ahead of its final answer.
func (r *redactor) cleanDetail(err error) error {
	switch e := err.(type) {
	case *TokenError:
		return &TokenError{Status: r.Clean(e.Status), Scope: r.Clean(e.Scope), Discovery: r.Clean(e.Discovery)}
	case scramError:
		return scramError(r.Clean(string(e)))
	}
	return err
}
