package auth

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
)

// TokenError is what a server says about a token that it does not take
// (RFC 7628 §3.2.2), made printable. It is the cause in an [*Error].
type TokenError struct {
	// Status is "invalid_token", "insufficient_scope" or another error code of
	// RFC 6750, or a number of HTTP's from servers of XOAUTH2.
	Status string
	// Scope is what a token must be good for.
	Scope string
	// Discovery is where the server says that its authorization server is
	// described. It is shown and never used: the server may be lying.
	Discovery string
}

// Error returns status, scope and the place of the configuration.
func (e *TokenError) Error() string {
	s := "token refused"
	if e.Status != "" {
		s = fmt.Sprintf("token refused (%s)", e.Status)
	}
	if e.Scope != "" {
		s += fmt.Sprintf(", needs scope %q", e.Scope)
	}
	if e.Discovery != "" {
		s += fmt.Sprintf("; the server names the configuration %q", e.Discovery)
	}
	return wire.Printable(s)
}

// parseTokenError reads the challenge. It must be JSON; its members may be
// missing.
func parseTokenError(challenge []byte) (*TokenError, error) {
	var said struct {
		Status    any    `json:"status"`
		Scope     string `json:"scope"`
		Discovery string `json:"openid-configuration"`
	}
	if err := json.Unmarshal(challenge, &said); err != nil {
		return nil, errors.New("malformed challenge") // the package's words would quote it
	}
	status := ""
	if said.Status != nil {
		status = fmt.Sprint(said.Status) // some servers send a number
	}
	return &TokenError{
		Status:    wire.Printable(status),
		Scope:     wire.Printable(said.Scope),
		Discovery: wire.Printable(said.Discovery),
	}, nil
}
