package imapconn

import (
	"fmt"
	"mime"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

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
	// sent, and how long a write may stall. A server that is quiet in IDLE is
	// not waited for. Zero means 5 minutes, negative no limit.
	ReplyTimeout time.Duration

	// Alert is called with the text of each ALERT (RFC 9051 §7.1) that the
	// server sends inside TLS before the session is handed over, made
	// printable. It must be shown to the user.
	Alert func(text string)

	// UnilateralDataHandler and WordDecoder are those of imapclient.Options.
	UnilateralDataHandler *imapclient.UnilateralDataHandler
	WordDecoder           *mime.WordDecoder
}

const defaultReplyTimeout = 5 * time.Minute

// check returns a copy of o, or what is wrong before any I/O.
func (o *Options) check(e dial.Endpoint) (*Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	err := auth.Check(c.Auth)
	if err == nil && e.Protocol != policy.IMAP {
		err = fmt.Errorf("imapconn does not speak %v", e.Protocol)
	}
	if err != nil {
		return nil, &dial.Error{Phase: dial.PhaseConfig, Endpoint: e, Err: err}
	}
	if c.Dialer == nil {
		c.Dialer = &dial.Dialer{}
	}
	return &c, nil
}

// replyTimeout returns the limit in force, 0 for none.
func (o *Options) replyTimeout() time.Duration {
	if o.ReplyTimeout == 0 {
		return defaultReplyTimeout
	}
	return max(o.ReplyTimeout, 0)
}
