package imapconn

import (
	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
)

// Notice is what a server says that no command returns: an alert, its last words, or
// data that was left out of the session or mended. One of the first four fields is
// set. All texts are printable and at most 512 bytes long.
type Notice struct {
	// Alert is the text of an ALERT, which must be shown to the user (RFC 9051
	// §7.1).
	Alert string
	// Farewell is the server's BYE. The session ends with it, and Client.Err holds it.
	Farewell *dial.Farewell
	// Dropped says what was left out, and why: data that cannot be read, whose error
	// holds a [*policy.Violation], or data that go-imap does not know. The latter is
	// reported once in a session for each kind.
	Dropped error
	// Mended says what was read although it is not by the book. It is reported once
	// in a session for each kind.
	Mended error

	// SeqNum and UID are those of the message that the data is about, and 0 if it is
	// not about a message, or if the server has not said them.
	SeqNum uint32
	UID    imap.UID
}
