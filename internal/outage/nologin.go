package outage

import (
	"fmt"

	"github.com/mailconn/mailconn/dial"
)

// NoLogin is the error of a session without a login, which has no mailbox.
type NoLogin struct {
	Unset bool  // Options.Auth is nil
	Err   error // the server's refusal of a command; nil if there was none
}

// NewNoLogin returns a NoLogin as the outage of a session.
func NewNoLogin(endpoint dial.Endpoint, unset bool, err error) *dial.Error {
	return &dial.Error{Phase: dial.PhaseAuth, Endpoint: endpoint, Err: &NoLogin{unset, err}}
}

func (e *NoLogin) Error() string {
	text := "no mailbox can be watched without a login, and the server offers none that Options.Auth can use"
	if e.Unset {
		text = "no mailbox can be watched without a login, and Options.Auth is nil"
	}
	if e.Err != nil {
		text = fmt.Sprintf("%s: %v", text, e.Err)
	}
	return text
}

func (e *NoLogin) Unwrap() error { return e.Err }

// Hint returns what a person can do.
func (e *NoLogin) Hint() string {
	if e.Unset {
		return "The server wants a login, and this program has no credentials for it: Options.Auth is nil. Set it."
	}
	return "The server offers no login, without which no mailbox can be watched: check host and port."
}
