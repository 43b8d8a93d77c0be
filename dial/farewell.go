package dial

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
)

// Farewell is how a server ended a connection or a session: with a word (BYE, 421)
// or by closing it. errors.As finds one in the chain of every [*Error] whose cause is
// that the server left.
type Farewell struct {
	// Reply is what the server said, made printable and at most 512 bytes long.
	// It is empty if the server said nothing.
	Reply string
}

// Error returns the server's words.
func (f *Farewell) Error() string {
	if f.Reply == "" {
		return "server closed the connection"
	}
	return wire.Printable(fmt.Sprintf("server closed the connection (%q)", f.Reply))
}

// farewell returns the Farewell that err comes of, and nil if the server did not
// leave.
func farewell(err error) *Farewell {
	var closed *wire.Closed
	if !errors.As(err, &closed) {
		return nil
	}
	return &Farewell{Reply: closed.Reply}
}
