package look

import (
	"context"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// listed is what a session shows.
type listed struct {
	capabilities []string
	login        dial.Login
}

// converse begins a session on conn, with a login unless creds is nil, asks what the server
// lists, and takes leave. It closes conn.
func converse(ctx context.Context, conn *dial.Conn, creds auth.Credentials) (*listed, error) {
	switch conn.Endpoint().Protocol {
	case policy.IMAP:
		return converseIMAP(ctx, conn, creds)
	case policy.POP3:
		return conversePOP3(ctx, conn, creds)
	}
	return converseSMTP(ctx, conn, creds)
}

func converseIMAP(ctx context.Context, conn *dial.Conn, creds auth.Credentials) (*listed, error) {
	c, err := imapconn.New(ctx, conn, &imapconn.Options{Auth: creds})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Abort() })() // commands of go-imap take no context
	seen := &listed{c.Capabilities(), c.Security().Login}
	c.Logout().Wait() // a matter of manners: all is known
	return seen, nil
}

func conversePOP3(ctx context.Context, conn *dial.Conn, creds auth.Credentials) (*listed, error) {
	c, err := pop3conn.New(ctx, conn, &pop3conn.Options{Auth: creds})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	seen := &listed{c.Capabilities(), c.Security().Login}
	c.Quit(ctx)
	return seen, nil
}

func converseSMTP(ctx context.Context, conn *dial.Conn, creds auth.Credentials) (*listed, error) {
	c, err := smtpconn.New(ctx, conn, &smtpconn.Options{Auth: creds})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	seen := &listed{c.Capabilities(), c.Security().Login}
	c.Quit(ctx)
	return seen, nil
}
