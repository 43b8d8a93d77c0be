package imapconn

import (
	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/stream"
)

// ResponseCodeUnreadable is the code of the *imap.Error of a command that the server
// has completed, but whose answer could not be read. No server sent it.
const ResponseCodeUnreadable imap.ResponseCode = stream.CodeUnreadable

// ErrMailboxChanged is the error of a loop during which the program, or another goroutine
// of it, has selected another mailbox, or none.
var ErrMailboxChanged = stream.ErrMailboxChanged

// ErrIdle is the error of FetchEach, AppendEach and Do while an IDLE of the program's is
// open: until it is closed, the session can send nothing else.
var ErrIdle = stream.ErrIdle
