package pop3conn

import (
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/wire"
)

// Error is a command that the server refused with -ERR. The session goes on, unless
// the command was QUIT.
type Error struct {
	// Code is the response code in upper case, as "IN-USE" or "SYS/TEMP"
	// (RFC 2449 §8), and "" if there is none. A server that does not list RESP-CODES
	// has none, except for the codes that make Temporary true.
	Code string
	// Text is what the server said after the code, made printable.
	Text string
	// Command is the command with its numbers.
	Command string
}

// Error returns the command and the server's words, printable and at most 512 bytes long.
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

// code returns the response code of a refusal if it is one that this package knows, and
// "" otherwise.
func code(r pop3.Reply, capabilities []string) string {
	return pop3.Known(r.CodeUnder(capabilities))
}
