package ported

import (
	"context"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// Inbox watches an inbox, and calls Handle for each message once, also if the program was
// started anew in between. When the server has given the inbox new UIDs, all of its messages
// are new.
type Inbox struct {
	Server      dial.Endpoint
	Dialer      *dial.Dialer
	Credentials auth.Credentials
	Seen        string // a file
	Handle      func(m *imapwatch.Message) error
	Down        func(failed *dial.Error, next time.Time) // is told of each outage
}

// Run watches until ctx ends, or until an error that time does not mend: a password that
// the server refused, a certificate, a broken policy.
//
// What is gone is the whole of it: to connect again, to begin IDLE anew, the timer for a
// connection that died, the last UID. What is new is that the program may be restarted, that
// an inbox with new UIDs is noticed, that Run ends before the provider locks the account,
// and that Down is told why a session ended.
func (w *Inbox) Run(ctx context.Context) error {
	return imapwatch.Run(ctx, imapwatch.Config{
		Endpoint:  w.Server,
		Options:   &imapconn.Options{Dialer: w.Dialer, Auth: w.Credentials},
		Positions: imapwatch.File(w.Seen),
		Handle: imapwatch.EachMessage(&imapconn.FetchOptions{Envelope: true, NoBody: true},
			func(_ context.Context, m *imapwatch.Message) error { return w.Handle(m) }),
		Reset: func(context.Context, string) error { return nil }, // as above
		Down:  w.Down,
	})
}
