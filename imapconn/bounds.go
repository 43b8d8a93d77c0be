package imapconn

import (
	"cmp"
	"errors"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// Bounds limit what a server can make a session hold, in bytes and counts. A server
// that goes beyond one ends the session with a violation that has the reason
// policy.ErrLimit. In each field zero means the default. The bodies of messages have no
// limit: they are passed on as they come.
type Bounds struct {
	// Line is the length of a response without its literals, in bytes. The default is
	// 1 MiB. What the answers to a command may make go-imap hold is bounded by 8 times
	// as much, and the words of a response by a sixteenth of it: the threads of a mailbox
	// of 50,000 messages fit. Those of a larger one cost their command, which fails with
	// [ResponseCodeUnreadable], and not the session.
	Line int
	// Literal is the length of the literals in a response that are not bodies, in
	// bytes: of a subject, or of the value of an annotation. The default is 1 MiB.
	Literal int
	// Depth is how deep lists may be in lists, as they are in the structure of a
	// message. The default is 64, and what is above 500 means 500.
	Depth int
	// Set is how many numbers a search may return, and a set such as 1:1000 may stand
	// for. The default is 1,048,576. An answer beyond it that is at most 32 KiB long
	// costs its command, which fails with [ResponseCodeUnreadable], and not the session.
	Set int
}

// limits returns the limits that the bounds mean.
func (b Bounds) limits() response.Limits {
	d := response.Default()
	return response.Limits{
		Line:    cmp.Or(b.Line, d.Line),
		Literal: cmp.Or(b.Literal, d.Literal),
		Depth:   cmp.Or(b.Depth, d.Depth),
		Set:     cmp.Or(b.Set, d.Set),
	}
}

var errBounds = errors.New("imapconn: a field of Options.Bounds is negative")

// check returns an error if a field is not valid.
func (b Bounds) check() error {
	if min(b.Line, b.Literal, b.Depth, b.Set) < 0 {
		return errBounds
	}
	return nil
}
