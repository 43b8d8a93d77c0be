package commands

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/numset"
	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
)

// Exchange is some commands of this library's own, sent in one write while no command of
// go-imap's client is pending, and their answers. While it is under way, the client sends
// nothing, and no code of the program is waited for, but by Full: there is room for what was
// asked for, and the program gets it when all the commands are answered.
type Exchange struct {
	// Take is given what answers the commands, or why it cannot be read, and reports whether
	// it keeps it; nil has it dropped. The contents of sections are the reader's: Take keeps
	// a copy. The reader calls it with the mutex of the stream held.
	Take func(f *message.Fetch, why error) (kept bool)
	Hold int // how many bytes of bodies the answer for one message may have
	// Full, if it is not nil, reports whether there is no room yet for what Take would be
	// given. The reader then waits, but not for long.
	Full func(f *message.Fetch) bool

	// Data, if it is not nil, is given what else answers the commands, in the same way; FETCH
	// responses are among it only if Fetches is set.
	Data    func(b []byte, h response.Head)
	Fetches bool

	Commands  []*Command
	Left      int           // commands that are not answered yet
	Kept      int           // bytes of the answers; with Full, of those to one command
	Answered  chan struct{} // closed when none is left
	Progress  chan struct{} // told of each answer; nil if that does not matter
	Abandoned bool          // what still comes is dropped
}

// Request is a command of an exchange.
type Request struct {
	Command  string     // its name, without UID
	Text     string     // behind the tag
	UIDs     numset.Set // the messages that it asks for
	Literals []*Literal
	Tail     string  // behind the last literal
	Answer   *Answer // what is given the answer, if the exchange's command is not to be asked
}

// Room returns how large a buffer is that is worth its room: requests with literals fill
// any.
func Room(requests []Request) (size int) {
	const most = 32 << 10
	for _, r := range requests {
		if size += len(r.Text) + len("M18446744073709551615 \r\n"); len(r.Literals) > 0 || size > most {
			return most
		}
	}
	return size
}

// Answer is the tagged response to a command.
type Answer struct {
	Came       bool
	Refused    *imap.Error // nil: it is OK
	Code, Args string      // of a response code
}

// Wants returns the index of the first command that asks for a message, and -1 if there
// is none.
func (x *Exchange) Wants(uid uint32) int {
	for i, c := range x.Commands {
		if c.Wanted.Contains(uid) {
			return i
		}
	}
	return -1
}

// AnswerOf reads a tagged response.
func AnswerOf(b []byte, h response.Head) Answer {
	text := string(bytes.TrimSpace(b[h.Args:]))
	a := Answer{Came: true}
	if rest, ok := strings.CutPrefix(text, "["); ok {
		if inside, after, ok := strings.Cut(rest, "]"); ok {
			a.Code, a.Args, _ = strings.Cut(inside, " ")
			a.Code, text = strings.ToUpper(wire.Printable(a.Code)), strings.TrimSpace(after)
		}
	}
	if h.Kind != response.OK {
		a.Refused = &imap.Error{
			Type: imap.StatusResponseType(h.Kind.Word()),
			Code: imap.ResponseCode(a.Code),
			Text: wire.Printable(text),
		}
	}
	return a
}

// TakesData reports whether a response is data for the exchange.
func (x *Exchange) TakesData(h response.Head) bool {
	if x == nil || x.Data == nil || h.Kind.IsStatus() {
		return false
	}
	switch h.Kind {
	case response.Exists, response.Recent, response.Expunge, response.Flags, response.Capability:
		return false
	case response.Fetch:
		return x.Fetches
	}
	return true
}

// CodeText returns a response code as the server has written it.
func (a Answer) CodeText() string {
	return wire.Printable(strings.TrimSpace(fmt.Sprint(a.Code, " ", a.Args)))
}

// MaxLine is how long a command is at most without its literals, in bytes: servers bound
// the length of a line (RFC 7162 §4).
const MaxLine = 8000
