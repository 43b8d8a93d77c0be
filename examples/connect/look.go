package main

import (
	"context"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// finding is what a session turned out to be.
type finding struct {
	security     dial.Security
	user         string
	mechanism    string // that user logged in by, "" without a login
	capabilities []string
	alerts       []string // what the server wants to be shown to a person
}

// look connects, logs in if there are credentials, and takes leave.
func look(ctx context.Context, t *target) (*finding, error) {
	switch t.endpoint.Protocol {
	case policy.IMAP:
		return lookIMAP(ctx, t)
	case policy.POP3:
		return lookPOP3(ctx, t)
	}
	return lookSMTP(ctx, t)
}

func lookIMAP(ctx context.Context, t *target) (*finding, error) {
	f := &finding{user: t.user}
	c, err := imapconn.Dial(ctx, t.endpoint, &imapconn.Options{
		Dialer: t.dialer, Auth: t.auth, ReplyTimeout: t.timeout,
		Notice: func(n imapconn.Notice) { f.alerts = append(f.alerts, n.Alert) },
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Abort() })()
	f.security, f.mechanism = c.Security(), c.Security().Login.Mechanism
	f.capabilities = c.Capabilities()
	c.Logout().Wait() // a matter of manners: we have what we came for
	return f, nil
}

func lookPOP3(ctx context.Context, t *target) (*finding, error) {
	c, err := pop3conn.Dial(ctx, t.endpoint, &pop3conn.Options{
		Dialer: t.dialer, Auth: t.auth, ReplyTimeout: t.timeout,
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	f := &finding{security: c.Security(), user: t.user, mechanism: c.Security().Login.Mechanism}
	if f.capabilities, err = c.Capa(ctx); err != nil {
		return nil, err
	}
	c.Quit(ctx)
	return f, nil
}

func lookSMTP(ctx context.Context, t *target) (*finding, error) {
	c, err := smtpconn.Dial(ctx, t.endpoint, &smtpconn.Options{
		Dialer: t.dialer, Auth: t.auth, ReplyTimeout: t.timeout,
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Abort() })()
	f := &finding{security: c.Security(), user: t.user, mechanism: c.Security().Login.Mechanism}
	f.capabilities = c.Capabilities()
	c.Quit(ctx)
	return f, nil
}
