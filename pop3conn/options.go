package pop3conn

import (
	"math"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/policy"
)

// Options says how a session begins. nil means the zero Options. Dial and New read them
// when they begin; they must not be changed before these return.
type Options struct {
	// Dialer makes the connection; nil means a zero one. Only Dial uses it.
	Dialer *dial.Dialer

	// Auth are the credentials; nil means no login.
	Auth auth.Credentials

	// ReplyTimeout is how long the server may take for a reply, for each 16 KiB of a
	// message or a list after it, and how long a write may stall. Time that the caller
	// takes between two reads of a message does not count. Zero means 5 minutes, negative
	// no limit.
	ReplyTimeout time.Duration

	// MaxMessageSize is how many bytes a message may have, whatever size the server
	// announced. Reading more returns [ErrTooLarge]. Zero or less means no limit.
	MaxMessageSize int64

	// NoPipelining makes the client wait for each reply before it sends the next
	// command, even if the server lists PIPELINING (RFC 2449 §6.6).
	NoPipelining bool

	// UTF8 asks the server before the login not to convert messages that have UTF-8 in
	// their headers (RFC 6856 §2). It is no error if the server does not list UTF8 or
	// refuses: [Client.UTF8] reports whether it does so.
	UTF8 bool
}

// start returns how a session with these options begins.
func (o *Options) start() session.Start[*Client, Options] {
	opts := Options{}
	if o != nil {
		opts = *o
	}
	if opts.MaxMessageSize <= 0 {
		opts.MaxMessageSize = math.MaxInt64
	}
	return session.Start[*Client, Options]{
		Package: "pop3conn",
		Speaks:  []policy.Protocol{policy.POP3},
		Dialer:  opts.Dialer,
		Auth:    opts.Auth,
		Options: opts,
		Begin:   begin,
	}
}
