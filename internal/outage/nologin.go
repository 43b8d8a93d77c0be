package outage

import (
	"fmt"

	"github.com/mailconn/mailconn/dial"
)

// NoLogin is why a session has no mailbox: there was no login.
type NoLogin struct {
	Unset bool  // there are no credentials
	Err   error // of the server; nil if it was not asked
}

// NewNoLogin returns a NoLogin as the outage of a session. unset means that there are no
// credentials, and err is what the server said, or nil.
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

// Hint returns what a person does about it.
func (e *NoLogin) Hint() string {
	if e.Unset {
		return "The server wants a login, and this program has no credentials for it: Options.Auth is nil. Set it."
	}
	return "The server offers no login, without which no mailbox can be watched: check host and port."
}
