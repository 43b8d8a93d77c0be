package pop3conn

import (
	"fmt"
	"math"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// Options says how a session begins. nil means the zero Options. They are read
// when a call begins and must not be changed while it runs.
type Options struct {
	// Dialer makes the connection; nil means a zero one. Only Dial uses it.
	Dialer *dial.Dialer

	// Auth are the credentials; nil means that nobody logs in.
	Auth auth.Credentials

	// InsecureAuth sends credentials over a connection without TLS, or to a
	// server that was not verified: anybody on the way can have them.
	InsecureAuth bool

	// ReplyTimeout is how long a reply may be in coming after a command was
	// sent, how long the server may pause inside a message or between the
	// lines of a list, and how long a write may stall. Time that the caller
	// takes between two reads of a message does not count. Zero means 5
	// minutes, negative no limit.
	ReplyTimeout time.Duration

	// MaxMessageSize is how many bytes a message may have. Reading beyond is
	// [ErrTooLong], whatever size the server announced. Zero or less means no
	// limit.
	MaxMessageSize int64

	// NoPipelining waits for every reply before the next command, even if the
	// server lists PIPELINING (RFC 2449 §6.6).
	NoPipelining bool

	// UTF8 asks a server that lists UTF8 for messages as they are, with UTF-8
	// in their headers, before anybody logs in (RFC 6856 §2). A server that
	// does not list it or refuses is no error: [Client.UTF8] tells.
	UTF8 bool
}

const defaultReplyTimeout = 5 * time.Minute

// check returns a copy of o, or what is wrong before any I/O.
func (o *Options) check(e dial.Endpoint) (*Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	err := auth.Check(c.Auth)
	if err == nil && e.Protocol != policy.POP3 {
		err = fmt.Errorf("pop3conn does not speak %v", e.Protocol)
	}
	if err != nil {
		return nil, &dial.Error{Phase: dial.PhaseConfig, Endpoint: e, Err: err}
	}
	if c.Dialer == nil {
		c.Dialer = &dial.Dialer{}
	}
	return &c, nil
}

// messageRoom returns the limit of a message's length.
func (o *Options) messageRoom() int64 {
	if o.MaxMessageSize <= 0 {
		return math.MaxInt64
	}
	return o.MaxMessageSize
}

// replyTimeout returns the limit, zero for none. (check is passed twice on the
// way through Dial, and so must leave a negative value alone.)
func (o *Options) replyTimeout() time.Duration {
	if o.ReplyTimeout == 0 {
		return defaultReplyTimeout
	}
	return max(o.ReplyTimeout, 0)
}
