package imapconn

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/emersion/go-imap/v2"
)

// AppendEach appends messages to a mailbox, and returns a loop over what has become of
// each, in their order:
//
//	for a, err := range client.AppendEach(ctx, "Archive", messages) {
//
// Up to 200 messages are sent in one round trip, in one command if the server lists
// MULTIAPPEND (RFC 3502), where the server takes literals without being asked: LITERAL+,
// and LITERAL- for messages of up to 4,096 bytes (RFC 7888). Any other message takes a round
// trip of its own.
//
// A content is read before its length is announced, and held: up to 1 MiB. A larger one
// must be an [io.ReadSeeker], which is read from where it stands while it is sent. Contents
// are sent byte for byte; a message has lines that end in CRLF.
//
// A message that the server refuses, that is larger than the server's APPENDLIMIT
// (RFC 7889), or whose content cannot be read is an [*AppendError], and the loop goes on.
// A content that ends or fails when its length was announced ends the session, as IMAP
// has no other way out of a literal, and so does the end of ctx while messages are being
// written. Each message under way is then an AppendError that says whether the server may
// have it, and the loop's last error, a [*dial.Error], says why the loop has ended; messages
// that were not taken from the sequence yet are not sent. [ErrIdle] ends the loop as well,
// but not the session, and so does an argument that is wrong, with a [*dial.Error] of phase
// dial.PhaseConfig. A message without an error is in the mailbox. a is never nil.
//
// A program that leaves the loop early does not learn of the rest of the messages that
// were sent together. The sequence is called, and contents that are held are read, while no command
// of the loop is under way, so both may use the client. The Read of a larger content must
// not use it.
func (c *Client) AppendEach(ctx context.Context, mailbox string, messages iter.Seq[Append]) iter.Seq2[*Appended, error] {
	return func(yield func(*Appended, error) bool) {
		a, err := c.newAppender(ctx, mailbox, messages)
		if err != nil {
			err = c.wrongCall(err)
		} else {
			err = a.each(messages, yield)
		}
		if err != nil {
			yield(new(Appended), c.loopError(err))
		}
	}
}

// Append is a message that AppendEach appends.
type Append struct {
	// Content is the whole message, which must not be empty.
	Content io.Reader
	// Flags are those that the message gets. nil means none.
	Flags []imap.Flag
	// Time is the message's internal date. The zero Time means now, by the server's clock.
	Time time.Time
}

// Appended is a message that the server has.
type Appended struct {
	// UIDValidity and UID are 0 if the server does not tell them (UIDPLUS, RFC 4315), or
	// not clearly.
	UIDValidity uint32
	UID         imap.UID
}

// AppendError is a message that was not appended, or of which that is not known.
type AppendError struct {
	// Index says which message it is; the first one is 0.
	Index int
	// InDoubt says that the server may have the message: it was sent, and no answer has
	// come.
	InDoubt bool
	// Err is an *imap.Error if the server has refused the message, a *dial.Error if the
	// session, or the context, has ended, and ErrIdle if the message was not sent for that.
	Err error
}

// Error says which message it is, and the reason.
func (e *AppendError) Error() string {
	doubt := ""
	if e.InDoubt {
		doubt = " may have been appended"
	}
	return ofMessage(fmt.Sprintf("message %d%s", e.Index, doubt), e.Err)
}

// Unwrap returns Err.
func (e *AppendError) Unwrap() error { return e.Err }
