package imapwatch

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// Handler does something about a change, with the mailbox selected and the client free
// for any command. When it returns, the client is Run's again. If it has selected a
// mailbox, and the server has no CONDSTORE, flags that changed meanwhile are not told.
type Handler func(context.Context, *imapconn.Client, Change) error

// Change is what has happened to a mailbox since its last Change. At least one of the sets
// is not empty.
type Change struct {
	Mailbox     string // as in Config.Mailboxes
	UIDValidity uint32 // what the UIDs belong to

	// New are messages that the program does not have, and Vanished those that it has and
	// that are gone. Changed are those that it has and whose flags have changed; if the
	// server cannot tell which, they are all, as each may have. The first change of a
	// mailbox may have 200,000 messages in New; FetchEach deals with them.
	New, Changed, Vanished imap.UIDSet

	// After is the position of a program that has the change. One that could not have some
	// messages of New is at After.Without those: a server may leave a message out that it lists.
	After Position

	told *telling
}

// Handled takes note that the program has got to p: to After, or to After.Without the
// messages that it could not have, which are told as new again every [Config.Poll] and with
// the next change. A Handler calls it, and it counts even if the session ends before the
// Handler returns; when the Handler then returns nil, nothing more is noted. A program that
// keeps the position with its data calls it when it has stored both: so it is not told of the
// change twice. The error is that of [Positions], or says what is wrong with p.
func (c Change) Handled(p Position) error { return c.told.handled(p) }
