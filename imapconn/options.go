package imapconn

import (
	"context"
	"mime"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

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

	// Auth are the credentials; nil means that the session begins without a login.
	Auth auth.Credentials

	// ReplyTimeout is how long a reply may be in coming after a command was
	// sent, and how long a write may stall. It does not run while IDLE is under
	// way and the server is quiet. Zero means 5 minutes, negative no limit.
	ReplyTimeout time.Duration

	// Notice is called with each ALERT that the server sends inside TLS before
	// the session is handed over. Calls do not overlap. nil means that notices
	// are dropped.
	Notice func(Notice)

	// UnilateralDataHandler and WordDecoder are those of imapclient.Options.
	UnilateralDataHandler *imapclient.UnilateralDataHandler
	WordDecoder           *mime.WordDecoder
}

// start says how a session with these options starts.
func (o *Options) start() session.Start[*Client] {
	opts := Options{}
	if o != nil {
		opts = *o
	}
	return session.Start[*Client]{
		Package: "imapconn",
		Speaks:  []policy.Protocol{policy.IMAP},
		Dialer:  opts.Dialer,
		Auth:    opts.Auth,
		Begin: func(ctx context.Context, conn *dial.Conn, setup *dial.Setup) (*Client, error) {
			return begin(ctx, conn, setup, &opts)
		},
	}
}
