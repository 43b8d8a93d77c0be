package smtp

import "github.com/mailconn/mailconn/internal/wire"

// Link is the connection of a session: what was read from it is shared by all that
// reads replies.
type Link struct {
	*wire.Feed
	In *wire.Reader
}

// NewLink returns a Link over f.
func NewLink(f *wire.Feed) *Link { return &Link{Feed: f, In: wire.NewReader(f, wire.Greeting())} }

// Unsolicited returns an error if the server has hung up, or has said what answers
// no command: it would be taken for the reply to the next. It is called while no
// reply is due.
func (l *Link) Unsolicited() error {
	if l.In.Buffered() == 0 && !l.Ready() {
		return nil
	}
	if err := l.In.Fill(); err != nil {
		return wire.Ended(err)
	}
	return Unsolicited(l.In.Waiting())
}
