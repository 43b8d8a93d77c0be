package smtpconn

import (
	"context"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/policy"
)

// Options says how a session begins. nil means the zero Options. They are read
// when a call begins and must not be changed while it runs.
type Options struct {
	// Dialer makes the connection; nil means a zero one. Only Dial uses it.
	Dialer *dial.Dialer

	// Auth are the credentials; nil means that there is no login.
	Auth auth.Credentials

	// ReplyTimeout is how long each reply may be in coming, that to a message's
	// final dot too, and how long a write may stall. Negative means no limit.
	// Too short a time for the dot leaves it unknown whether the message was
	// taken.
	//
	// Zero means, in Send and Stream, the times of RFC 5321 §4.5.3.2: 5 minutes
	// for MAIL and RCPT, 2 for DATA, 3 for a write that stalls, 10 for the final
	// dot. In the promoted commands (Mail, Data, SendMail and the others) it
	// means 5 minutes, and 12 for the final dot, as ever in go-smtp; the
	// client's CommandTimeout and SubmissionTimeout, which they go by, start
	// from this and may be changed.
	ReplyTimeout time.Duration

	// NoPipelining makes Send and Stream wait for the reply to each command
	// even where the server lists PIPELINING: for servers that do not keep to
	// it.
	NoPipelining bool
}

const (
	defaultReplyTimeout = 5 * time.Minute
	never               = 10 * 365 * 24 * time.Hour // go-smtp has no word for it
)

// start says how a session with these options starts.
func (o *Options) start() session.Start[*Client] {
	opts := Options{}
	if o != nil {
		opts = *o
	}
	return session.Start[*Client]{
		Package: "smtpconn",
		Speaks:  []policy.Protocol{policy.Submission, policy.SMTP},
		Dialer:  opts.Dialer,
		Auth:    opts.Auth,
		Begin: func(ctx context.Context, conn *dial.Conn, setup *dial.Setup) (*Client, error) {
			return begin(ctx, conn, setup, &opts)
		},
	}
}

// limits returns the limits in force for writes, replies to commands and the
// reply to a message.
func (o *Options) limits() (write, command, message time.Duration) {
	switch {
	case o.ReplyTimeout < 0:
		return 0, never, never
	case o.ReplyTimeout == 0:
		return defaultReplyTimeout, defaultReplyTimeout, 12 * time.Minute
	}
	return o.ReplyTimeout, o.ReplyTimeout, o.ReplyTimeout
}
