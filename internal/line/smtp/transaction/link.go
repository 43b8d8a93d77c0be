package transaction

import "github.com/mailconn/mailconn/internal/wire"

// Link is the connection of a session: what was read from it is shared by all that
// reads replies.
type Link struct {
	*wire.Feed
	In *wire.Reader
}

// NewLink returns a Link over f.
func NewLink(f *wire.Feed) *Link {
	l := &Link{Feed: f, In: wire.NewReader(f, wire.Greeting())}
	l.In.Arrivals = f
	return l
}
