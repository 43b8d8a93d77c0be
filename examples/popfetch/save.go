package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/maildir"
	"github.com/mailconn/mailconn/examples/internal/progress"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// save brings the account's new mail to the Maildir.
func (o *options) save(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	box, err := maildir.Open(o.maildir, suffix)
	if err != nil {
		return err
	}
	login, err := o.login(ctx, stdin, stderr)
	if err != nil {
		return err
	}
	account := o.User + "@" + o.Endpoint.Address()
	p := progress.New(stdout)
	return cli.Hinted(pop3watch.Once(ctx, pop3watch.Config{
		Endpoint: o.Endpoint,
		Options:  login,
		Seen:     pop3watch.File(filepath.Join(o.maildir, cli.NoteName("popfetch-seen", o.Endpoint, o.User))),
		Delete:   o.remove,
		Age:      o.age,
		Handle: func(_ context.Context, m *pop3watch.Message) error {
			n, err := saveTo(box, fileName(account, m.Key), m)
			if err == nil {
				p.Saved(n)
			}
			return err
		},
		Looked: func(l pop3watch.Look) { report(p, stdout, l) },
	}))
}

// report tells what is new, and at the end what was done.
func report(p *progress.Progress, stdout io.Writer, l pop3watch.Look) {
	switch {
	case l.Over:
		p.End()
		fmt.Fprintf(stdout, "%d on the server, %d new, %d saved, %d deleted\n", l.Listed, l.New, l.Handled, l.Deleted)
	case l.New > 0:
		fmt.Fprintf(stdout, "%s, %s\n", progress.Count(l.New, "new message"), progress.Amount(l.Size))
		p.Begin(l.New, l.Size)
	}
}

// login says how to connect, and as whom.
func (o *options) login(ctx context.Context, stdin io.Reader, stderr io.Writer) (*pop3conn.Options, error) {
	dialer, password, err := o.Credentials(ctx, stdin, stderr)
	if err != nil {
		return nil, err
	}
	return &pop3conn.Options{
		Dialer:         dialer,
		Auth:           password,
		NoPipelining:   o.lockstep,
		MaxMessageSize: o.maxSize,
	}, nil
}
