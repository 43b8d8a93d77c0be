package dial

import (
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
)

// Farewell means that the server ended a connection or a session, with a reply (IMAP
// BYE, SMTP 421) or without one. errors.As finds a *Farewell in the chain of every
// [*Error] with that cause.
type Farewell struct {
	// Reply is the last reply, made printable and at most 512 bytes long. It is empty
	// if there was none.
	Reply string
}

// Error returns a text with the server's reply, printable and at most 512 bytes long.
func (f *Farewell) Error() string {
	if f.Reply == "" {
		return "server closed the connection"
	}
	return wire.Printable(fmt.Sprintf("server closed the connection (%q)", f.Reply))
}
