package smtpconn

import (
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

	// Auth are the credentials; nil means no login.
	Auth auth.Credentials

	// ReplyTimeout is how long each reply may be in coming, that to a message's
	// end too, and how long a write may stall. Negative means no limit. Too short
	// a time for the end leaves it in doubt whether the message was taken.
	//
	// Zero means the times of RFC 5321 §4.5.3.2: 5 minutes for a reply, 2 for that
	// to DATA in Send and SendEach, 10 for that to a message's end, 3 for a write
	// that stalls. The promoted commands go by the client's CommandTimeout and
	// SubmissionTimeout, which start from these times and may be changed.
	ReplyTimeout time.Duration

	// NoPipelining makes Send and SendEach wait for the reply to each command
	// even where the server lists PIPELINING: for servers that do not keep to it.
	NoPipelining bool

	// NoChunking makes Send and SendEach never use BDAT, even where the server
	// lists CHUNKING: for servers, and proxies in front of them, that list it and
	// do not have it. Only BINARYMIME content uses BDAT, which is then an error.
	NoChunking bool
}

// start says how a session with these options starts.
func (o *Options) start() session.Start[*Client, Options] {
	opts := Options{}
	if o != nil {
		opts = *o
	}
	return session.Start[*Client, Options]{
		Package: "smtpconn",
		Speaks:  []policy.Protocol{policy.Submission, policy.SMTP},
		Dialer:  opts.Dialer,
		Auth:    opts.Auth,
		Options: opts,
		Begin:   begin,
	}
}

// times are how long replies may be in coming, and how long a write may stall.
// Zero is for ever.
type times struct {
	command, data, end, write time.Duration
}
