package imapwatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/internal/wire"
)

// Config says what is watched, and what is called. The functions of a Config are called one
// at a time, also if there are several connections.
type Config struct {
	// Endpoint is the server, and Options say how to log in, as for [imapconn.Dial].
	Endpoint dial.Endpoint
	Options  *imapconn.Options

	// Mailboxes are the names of those to watch. nil means INBOX; a list that is empty, or
	// that has a name twice, is an error.
	Mailboxes []string

	// Positions keeps note of how far the program is in each mailbox. It must not be nil;
	// [File] is one.
	Positions Positions

	// SkipExisting is about a mailbox that has no position yet: the messages that are in
	// it when Run first looks at it are not told, and only those that come later are. If
	// the positions are lost, the next run is a first run: it does not tell what came
	// before it.
	SkipExisting bool

	// Handle is called with each change, and must not be nil. If it returns nil, the
	// program has the change, or what it has told [Change.Handled]. If the session has ended when
	// Handle returns, and Handle returns nil or the error of that end, what it has not told
	// Handled comes again. Any other error of Handle ends Run.
	Handle Handler

	// Reset is told of each mailbox that has got a new UIDVALIDITY: every UID that the
	// program has of it is void. When it has returned nil, all messages of the mailbox are
	// new, also with SkipExisting. An error ends Run. Without a Reset, Run ends with a
	// [*ResetError].
	Reset func(ctx context.Context, mailbox string) error

	// Refused, if set, is told of each mailbox that cannot be selected or looked at: it
	// does not exist, has been deleted, the server does not let the user in, or does not say
	// its UIDVALIDITY. It is tried again every Poll, and told again only when that has worked
	// meanwhile.
	Refused func(mailbox string, err error)

	// Down, if set, is told of each outage, and when Run tries again.
	Down func(failed *dial.Error, next time.Time)

	// Nudge, if set, makes Run look at once when it can be received from, but not before
	// MinDelay is over: the network has changed, or the user wants to know. A connection
	// that does not answer within half a minute then is given up.
	Nudge <-chan struct{}

	// MaxConns is how many connections may be made, each for a part of the mailboxes; zero
	// means 1.
	MaxConns int

	// Renew is how long the server may be silent during IDLE until it is asked for a sign
	// of life; zero means 5 minutes. Whatever it says begins the time anew.
	Renew time.Duration

	// Poll is how often a server without IDLE is asked, and how often the mailboxes behind
	// the first are, whatever NOTIFY tells of them; zero means 5 minutes.
	Poll time.Duration

	// Recheck is how often a mailbox is looked at as a whole; zero means 1 hour. When the
	// machine wakes from a sleep, Run looks within half a minute.
	Recheck time.Duration

	// MinDelay is the least time from the beginning of one connection to the beginning of
	// the next; zero means 1 second. The waits after outages begin with MinDelay and
	// double up to MaxDelay; zero means 5 minutes. Up to half of a wait is left out at
	// random, but none is shorter than MinDelay. After a session that stood for Stable
	// the waits begin with MinDelay again; zero means 1 minute.
	MinDelay, MaxDelay, Stable time.Duration

	// LongDelay is the distance after a refusal that should not be tried soon: the
	// server speaks of too many connections or logins, or may be speaking of the
	// credentials. Zero means 30 minutes.
	LongDelay time.Duration

	clock func() time.Time // the wall clock; nil means time.Now
}

// ResetError ends Run for a mailbox that has got a new UIDVALIDITY, if there is no
// Config.Reset. The position stays as it is: Run ends in the same way until a person, or
// a Reset, says what becomes of the program's data.
type ResetError struct {
	Mailbox string // as in Config.Mailboxes
}

// Error names the mailbox.
func (e *ResetError) Error() string {
	return wire.Printable(fmt.Sprintf("imapwatch: mailbox %q has new UIDs, and there is no Config.Reset", e.Mailbox))
}

// normal returns the Config with its defaults, or what is wrong with it.
func (c Config) normal() (Config, error) {
	if c.Mailboxes == nil {
		c.Mailboxes = []string{inbox}
	}
	c.Mailboxes = slices.Clone(c.Mailboxes)
	switch {
	case c.Positions == nil:
		return c, errors.New("imapwatch: Config.Positions is nil")
	case c.Handle == nil:
		return c, errors.New("imapwatch: Config.Handle is nil")
	case c.MaxConns < 0:
		return c, errors.New("imapwatch: Config.MaxConns is negative")
	}
	if err := checkMailboxes(c.Mailboxes); err != nil {
		return c, err
	}
	c.MaxConns = min(max(c.MaxConns, 1), len(c.Mailboxes))
	if c.clock == nil {
		c.clock = time.Now
	}
	times := outage.Times{MinDelay: &c.MinDelay, MaxDelay: &c.MaxDelay, Stable: &c.Stable, LongDelay: &c.LongDelay}
	times.Others = map[*time.Duration]time.Duration{&c.Renew: 5 * time.Minute, &c.Poll: 5 * time.Minute, &c.Recheck: time.Hour}
	return c, times.Fill("imapwatch")
}

const inbox = "INBOX"

// checkMailboxes returns what is wrong with a list of names. INBOX, in any case, becomes
// INBOX, as it is one mailbox (RFC 9051 §5.1).
func checkMailboxes(names []string) error {
	if len(names) == 0 {
		return errors.New("imapwatch: Config.Mailboxes is empty")
	}
	for i, name := range names {
		if strings.EqualFold(name, inbox) {
			name = inbox
		}
		if name == "" || slices.Contains(names[:i], name) {
			return fmt.Errorf("imapwatch: Config.Mailboxes has %q twice, or no name", name)
		}
		names[i] = name
	}
	return nil
}
