package outbox

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/disk"
	"github.com/mailconn/mailconn/internal/wire"
)

var (
	// ErrClosed means that the outbox was closed.
	ErrClosed = errors.New("outbox: closed")
	// ErrConflict means that another message has the id. That one is not changed.
	ErrConflict = errors.New("outbox: another message has this id")
	// ErrFull means that the disk is full, or Config.MaxMessages is reached. Nothing is
	// left of the message.
	ErrFull = errors.New("outbox: no space for the message")
	// ErrMaybeStored means that a message was written and the disk has failed to sync it:
	// it may be there after a crash, or not. It is not sent. Put again with the same id
	// and message, or Cancel, settles it; otherwise the next Open may find it and send it.
	ErrMaybeStored = errors.New("outbox: the message may be stored; call Put again, or Cancel")
	// ErrLocked means that another Outbox, of this or another program, had the directory
	// until the context ended.
	ErrLocked = errors.New("outbox: another program has the directory open")
	// ErrExposed means that other users can read or write the directory or a file, that
	// another user owns it, or that it is a symbolic link. Nothing is corrected, since
	// other users may have changed the files: check them first.
	ErrExposed = errors.New("outbox: other users have access, want permissions 0700 for the directory and 0600 for files, and no symbolic link")
	// ErrExpired means that a message was not delivered within Config.Expire. The last
	// failure is in the chain, if there is one.
	ErrExpired = errors.New("outbox: expired")
	// ErrGivenUp means that a message in doubt was given up by GiveUp.
	ErrGivenUp = errors.New("outbox: given up")
	// ErrNoMessage means that there is no message with the id in the state that the call
	// is for: in doubt for Resend and GiveUp, waiting for Cancel.
	ErrNoMessage = errors.New("outbox: no such message")
	// ErrUnderWay means that a message cannot be cancelled, because it is being sent.
	ErrUnderWay = errors.New("outbox: the message is being sent")

	errNilContext = errors.New("outbox: nil context")
)

// DamagedError says that something on disk is not what an Outbox has written. In a
// Result, the message was not sent, and its content is in damaged/. From
// [Outbox.Damaged], it is what was found at opening.
type DamagedError struct {
	ID   string // of the message; "" if it is not known
	File string // in the directory of the outbox
	Line int    // of the journal, counted from 1; 0 for a content
	Err  error  // what is wrong
}

// Error returns the file, the line and what is wrong.
func (e *DamagedError) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return wire.Printable(fmt.Sprintf("outbox: damaged: %s: %v", where, e.Err))
}

// Unwrap returns Err.
func (e *DamagedError) Unwrap() error { return e.Err }

// full adds ErrFull to an error of a disk that is full.
func full(err error) error {
	if disk.Full(err) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return fmt.Errorf("outbox: %w", err)
}
