package response

import (
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Limits bound what a server can make a client hold and do.
type Limits struct {
	Line    int // bytes of a response, without its strings that are literals
	Literal int // bytes of the literals of a response that are held
	Depth   int // lists within lists
	Set     int // numbers in a list of numbers, and those that a set stands for
}

// Default are the limits for what real mailboxes have.
func Default() Limits {
	return Limits{Line: 1 << 20, Literal: 1 << 20, Depth: 64, Set: 1 << 20}
}

// maxDepth is the depth that go-imap's client can read, which has a limit of
// its own for some lists.
const maxDepth = 500

// Inline is how large the literals of message bodies in one response may be
// together and still be held: larger ones are passed on as they come.
const Inline = 64 << 10

// Limits of single strings, in bytes. go-imap's client gives these strings to
// parsers whose work grows faster than the string.
const (
	MaxDate  = 128     // the date of an envelope
	MaxID    = 1 << 10 // Message-ID, with its comments
	MaxIDs   = 4 << 10 // In-Reply-To
	MaxWords = 4 << 10 // a text with encoded words (RFC 2047)
	MaxWord  = 256     // an atom, a media type
	MaxText  = 400     // the text of a status, which becomes the text of an error
)

// Words returns how many atoms, numbers and strings a response may have. What is
// kept of one takes several times the room that its shortest form takes on the wire.
func (l Limits) Words() int { return l.Line/16 + 64 }

// exceeded returns the violation of a limit.
func exceeded(format string, args ...any) *policy.Violation {
	v := wire.Violation(policy.ErrLimit, "")
	v.Err = fmt.Errorf(format, args...)
	return v
}
