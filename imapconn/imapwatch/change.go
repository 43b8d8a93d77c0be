package imapwatch

import (
	"context"
	"errors"

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
	UIDValidity uint32 // what the UIDs belong to; 0 if the server does not say it

	// New are messages that the program does not have, and Vanished those that it has and
	// that are gone. Changed are those that it has and whose flags have changed; if the
	// server cannot tell which, they are all, as each may have. The first change of a
	// mailbox may have 200,000 messages in New; FetchEach deals with them.
	New, Changed, Vanished imap.UIDSet

	// After is the position of a program that has the change.
	After Position

	have func(imap.UID) error         // the program has a message of New; nil if that is not noted
	tell func(*imapconn.MessageError) // of a message that cannot be had; may be nil
}

// Message is a new message. It is read like a [imapconn.Message], and good until the
// function that is given it returns. Mailbox, UIDValidity and UID stand for it from session
// to session, and for no other.
type Message struct {
	*imapconn.Message
	Mailbox     string // as in Config.Mailboxes
	UIDValidity uint32 // as in Change
}

// EachMessage returns a Handler for programs that only want new messages: f is called for
// each, in the order of the UIDs, and reads it. o says what is fetched, as for
// [imapconn.Client.FetchEach]; nil means the whole message. nil from f means that the
// program has the message, which is noted before the next one: when a session ends, or the
// program is killed, only the message that was being handled comes again. A message that
// the server cannot give is told to Options.Notice, and does not hold up the others.
func EachMessage(o *imapconn.FetchOptions, f func(context.Context, *Message) error) Handler {
	return func(ctx context.Context, client *imapconn.Client, c Change) error {
		if len(c.New) == 0 {
			return nil
		}
		for m, err := range client.FetchEach(ctx, c.New, o) {
			if err == nil {
				err = f(ctx, &Message{m, c.Mailbox, c.UIDValidity})
			}
			var odd *imapconn.MessageError
			if errors.As(err, &odd) && odd.UID == m.UID {
				if c.tell != nil {
					c.tell(odd)
				}
				err = nil
			}
			if err == nil && c.have != nil {
				err = c.have(m.UID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}
