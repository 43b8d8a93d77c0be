package pop3watch

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/pop3conn"
)

// Config says which mailbox is watched, and which functions are called.
type Config struct {
	// Endpoint is the server, and Options say how to log in, as for [pop3conn.Dial].
	Endpoint dial.Endpoint
	Options  *pop3conn.Options

	// Seen keeps note of the messages that the program has, as [File] does. It must not
	// be nil.
	Seen Seen

	// Handle is called with each new message, in the mailbox's order, and reads it. It
	// must not be nil. If it returns nil, the program has the message. If the session
	// ended before all of the message was read, the message comes again, whatever Handle
	// returned. Otherwise an error of Handle ends Run.
	Handle func(context.Context, *Message) error

	// Delete deletes the messages that the program has from the server, those of
	// earlier runs included, once they are Age old, counted from when Handle returned.
	// With it, Handle must read each message to its end: otherwise Run ends with
	// [ErrUnread]. If a session ends so that it is not known whether a message was
	// deleted, and the message is listed again, its content is compared, so that Handle
	// does not get it twice. This is not so for messages that Handle had not read to
	// their end.
	Delete bool
	Age    time.Duration

	// Refused, if set, is called for each message that could not be retrieved or
	// deleted: the server refused it ([*pop3conn.Error]), it is too large
	// ([pop3conn.ErrTooLarge]), or it has no identifier ([ErrNoID]). The next look tries
	// it again. A later one does if sessions have ended in the message ([ErrCutOff]), or
	// the server has not deleted it as it said ([ErrNotDeleted]).
	Refused func(pop3conn.Listing, error)

	// Looked, if set, is called twice for each look that finds a mailbox: when its
	// messages are listed, and at the end.
	Looked func(Look)

	// Down, if set, is called with each outage, and when Run tries again. Like all
	// functions of a Config it is called by the goroutine of Run, which waits for it.
	Down func(failed *dial.Error, next time.Time)

	// Nudge, if set, makes Run look at once after each value that it receives from it, but
	// not before MinDelay is over. A program sends one when the network has changed, or
	// when the user asks.
	Nudge <-chan struct{}

	// Every is the time from the beginning of one look to that of the next; zero means
	// 5 minutes. It is longer, also after a Nudge, if MinDelay is, or the time between
	// logins that the server demands (LOGIN-DELAY, RFC 2449 §6.5), of which at most a day
	// counts. When the machine wakes from a sleep in which a look was due, Run looks
	// within half a minute, or when that time is over, in which the sleep does not count.
	Every time.Duration

	// MinDelay is the least time from a login to the next look; zero means 1 second.
	// The waits after outages begin with MinDelay and double up to MaxDelay, where zero
	// means 5 minutes. Each is shortened at random by up to a half, but not below
	// MinDelay. After a complete look, or a session that lasted for Stable, where zero
	// means 1 minute, the waits begin with MinDelay again.
	MinDelay, MaxDelay, Stable time.Duration

	// LongDelay is the wait after a refusal that should not be repeated soon: the server
	// reports too many connections or logins, or may have refused the credentials. Zero
	// means 30 minutes.
	LongDelay time.Duration

	clock func() time.Time // the wall clock; nil means time.Now
}

// Look is what a look into the mailbox has found and done.
type Look struct {
	Listed  int   // messages on the server
	New     int   // messages that were not handled before, as far as that is known
	Size    int64 // size of the new messages in bytes, as the server says
	Handled int   // messages that Handle has taken in this look
	Deleted int   // messages deleted in this look; 0 before its end
	Over    bool  // the look has ended, with or without an error
}

// add adds the size of a new message. A server can list anything.
func (l *Look) add(size int64) {
	l.Size += min(max(size, 0), math.MaxInt64-l.Size)
}

var (
	// ErrNoID is the error of a message for which the server lists no unique identifier
	// that can be read. Such a message cannot be told from others, and is not touched.
	ErrNoID = errors.New("pop3watch: message has no unique identifier that can be read")

	// ErrUnread ends Run and Once if Config.Delete is set, and Handle has returned nil
	// before it had read the message to its end.
	ErrUnread = errors.New("pop3watch: message was not read to its end")
)

// normal returns c with the defaults filled in, or an error if a field is not valid.
func (c Config) normal() (Config, error) {
	switch {
	case c.Seen == nil:
		return c, errors.New("pop3watch: Config.Seen is nil")
	case c.Handle == nil:
		return c, errors.New("pop3watch: Config.Handle is nil")
	case c.Age < 0:
		return c, errors.New("pop3watch: Config.Age is negative")
	}
	if c.clock == nil {
		c.clock = time.Now
	}
	times := outage.Times{MinDelay: &c.MinDelay, MaxDelay: &c.MaxDelay, Stable: &c.Stable, LongDelay: &c.LongDelay}
	times.Others = map[*time.Duration]time.Duration{&c.Every: 5 * time.Minute}
	return c, times.Fill("pop3watch")
}
