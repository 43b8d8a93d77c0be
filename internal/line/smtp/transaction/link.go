package transaction

import "github.com/mailconn/mailconn/internal/wire"

// Link is the connection of a session: what was read from it is shared by all that
// reads replies.
type Link struct {
	*wire.Feed
	In *wire.Reader
}

// readSize is the size of the buffer of an idle session: the replies to a message fit.
const readSize = 512

// NewLink returns a Link over f.
func NewLink(f *wire.Feed) Link {
	in := wire.NewReaderSize(f, wire.Greeting(), readSize)
	in.Arrivals = true
	return Link{f, in}
}
