package pop3conn

import (
	"fmt"
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

// replyTimeout returns the limit, zero for none. (check is passed twice on the
// way through Dial, and so must leave a negative value alone.)
func (o *Options) replyTimeout() time.Duration {
	if o.ReplyTimeout == 0 {
		return defaultReplyTimeout
	}
	return max(o.ReplyTimeout, 0)
}
