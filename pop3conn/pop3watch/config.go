package pop3watch

import (
	"context"
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/pop3conn"
)

// Config says what is watched, and what is called.
type Config struct {
	// Endpoint is the server, and Options say how to log in, as for [pop3conn.Dial].
	Endpoint dial.Endpoint
	Options  *pop3conn.Options

	// Seen keeps note of the messages that the program has. It must not be nil;
	// [File] is one.
	Seen Seen

	// Handle is called with each new message, in the mailbox's order, and reads it. It
	// must not be nil. If it returns nil, the program has the message. If the session
	// ended before the message did, the message comes again, whatever Handle returned.
	// Any other error of Handle ends Run.
	Handle func(context.Context, *Message) error

	// Delete deletes the messages that the program has from the server, those of
	// earlier runs included, once they are Age old, counted from when Handle returned.
	// With it, Handle must read each message to its end: otherwise Run ends with
	// [ErrUnread]. If the end of a session leaves a deletion in doubt, the message is
	// compared when it is listed again, and not handed over twice; only one that was
	// handled without Delete may be.
	Delete bool
	Age    time.Duration

	// Refused, if set, is told of each message that could not be had or deleted: the
	// server refused it ([*pop3conn.Error]), it is too large
	// ([pop3conn.ErrTooLarge]), or it has no identifier ([ErrNoID]). It is tried again
	// with the next look.
	Refused func(pop3conn.Listing, error)

	// Looked, if set, is told twice of each look that finds a mailbox: what is in it,
	// and at the end what became of it.
	Looked func(Look)

	// Down, if set, is told of each outage, and when Run tries again. Like all functions
	// of a Config it is called by Run itself, which waits for it.
	Down func(failed *dial.Error, next time.Time)

	// Nudge, if set, makes Run look at once when it can be received from, but not before
	// MinDelay is over: the network has changed, or the user wants to know.
	Nudge <-chan struct{}

	// Every is the time from the beginning of one look to that of the next; zero means
	// 5 minutes. If MinDelay is longer, or the server wants logins to be further apart
	// (LOGIN-DELAY, RFC 2449 §6.5), they are, also after a Nudge. When the machine wakes
	// from a sleep in which a look was due, Run looks within half a minute, or when the
	// rest of that distance is over, of which the sleep is no part.
	Every time.Duration

	// MinDelay is the least time from a login to the next look; zero means 1 second.
	// The waits after outages begin with MinDelay and double up to MaxDelay; zero means 5
	// minutes. Up to half of a wait is left out at random, but none is shorter than
	// MinDelay. After a look that came to its end, or a session that stood for
	// Stable, the waits begin with MinDelay again; zero means 1 minute.
	MinDelay, MaxDelay, Stable time.Duration

	// LongDelay is the distance after a refusal that should not be tried soon: the
	// server speaks of too many connections or logins, or may be speaking of the
	// credentials. Zero means 30 minutes.
	LongDelay time.Duration

	clock func() time.Time // the wall clock; nil means time.Now
}

// Look is what a look into the mailbox has found, and what became of it.
type Look struct {
	Listed  int   // messages on the server
	New     int   // of them not handled before
	Size    int64 // of the new ones, in bytes, as the server says
	Handled int   // by Handle, in this look
	Deleted int   // in this look; known at its end
	Over    bool  // the look has ended, with or without an error
}

var (
	// ErrNoID is the error of a message for which the server lists no unique identifier
	// that can be read. Such a message cannot be told from others, and is left alone.
	ErrNoID = errors.New("pop3watch: message has no unique identifier that can be read")

	// ErrUnread ends Run and Once if Config.Delete is set, and Handle has returned nil
	// before it had read the message to its end.
	ErrUnread = errors.New("pop3watch: message was not read to its end")
)

// normal returns the Config with its defaults, or what is wrong with it.
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
