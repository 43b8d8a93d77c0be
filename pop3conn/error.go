package pop3conn

import (
	"strings"

	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/wire"
)

// Error is a command that the server refused with -ERR. The session goes on,
// unless the command was QUIT.
type Error struct {
	// Code is the response code in upper case, as "IN-USE" or "SYS/TEMP"
	// (RFC 2449 §8), "" if there is none. A server that does not list
	// RESP-CODES has none, but for the codes that make Temporary true.
	Code string
	// Text is what the server said besides, made printable.
	Text string
	// Command is the command with its numbers.
	Command string
}

// Error returns the command and the server's words, at most 512 bytes of
// printable text.
func (e *Error) Error() string {
	s := "pop3conn: " + e.Command + ": server refused"
	if e.Code != "" {
		s += " [" + e.Code + "]"
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return wire.Printable(s)
}

// Temporary reports whether the server said that the refusal will pass: codes
// SYS/TEMP, IN-USE and LOGIN-DELAY, of whatever detail (RFC 2449 §8,
// RFC 3206 §4).
func (e *Error) Temporary() bool { return pop3.Transient(pop3.Known(e.Code)) }

// code returns the response code of a refusal as far as it is known here, ""
// for every other.
func code(r pop3.Reply, caps []string) string { return pop3.Known(announced(r, caps)) }

// announced returns the response code of a refusal. Brackets mean something
// only where the server says so: RESP-CODES for all codes (RFC 2449 §6.4),
// AUTH-RESP-CODE for AUTH and SYS (RFC 3206 §5). Those that merely ask for
// patience are believed without.
func announced(r pop3.Reply, caps []string) string {
	c := r.Code()
	_, all := wire.Params(caps, "RESP-CODES")
	_, some := wire.Params(caps, "AUTH-RESP-CODE")
	level, _, _ := strings.Cut(c, "/")
	switch {
	case all, pop3.Transient(pop3.Known(c)), some && (level == "AUTH" || level == "SYS"):
		return c
	}
	return ""
}

// refused makes an Error of a reply to the command sent last.
func (c *Client) refused(r pop3.Reply) *Error {
	e := &Error{Code: announced(r, c.caps), Command: c.lastCommand()}
	text := r.Text
	if e.Code != "" {
		_, text, _ = strings.Cut(text, "]")
		e.Code = wire.Printable(e.Code)
	}
	e.Text = wire.Printable(strings.TrimLeft(text, " "))
	return e
}
