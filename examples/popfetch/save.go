package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/prompt"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// save brings the account's new mail to the Maildir.
func (o *options) save(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	box, err := openMaildir(o.maildir)
	if err != nil {
		return err
	}
	login, err := o.login(ctx, stdin, stderr)
	if err != nil {
		return err
	}
	p := newProgress(stdout)
	account := o.user + "@" + o.endpoint.Host
	err = pop3watch.Once(ctx, pop3watch.Config{
		Endpoint: o.endpoint,
		Options:  login,
		Seen:     pop3watch.File(filepath.Join(o.maildir, "popfetch-seen")),
		Delete:   o.remove,
		Age:      o.age,
		Handle: func(_ context.Context, m *pop3watch.Message) error {
			n, err := box.save(fileName(account, m.Key), m)
			if err == nil {
				p.saved(n)
			}
			return err
		},
		Looked: func(l pop3watch.Look) {
			if !l.Over {
				p.begin(l.New, l.Size)
				return
			}
			p.end()
			fmt.Fprintf(stdout, "%d on the server, %d new, %d saved, %d deleted\n", l.Listed, l.New, l.Handled, l.Deleted)
		},
	})
	var failed *dial.Error
	if errors.As(err, &failed) && failed.Hint() != "" {
		err = fmt.Errorf("%w\nhint: %s", err, failed.Hint())
	}
	return err
}

// login says how to connect, and as whom.
func (o *options) login(ctx context.Context, stdin io.Reader, stderr io.Writer) (*pop3conn.Options, error) {
	config, err := cli.TrustFile(o.ca)
	if err != nil {
		return nil, err
	}
	secret, err := prompt.Password(ctx, o.user, o.passwordFile, stdin, stderr)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	return &pop3conn.Options{
		Dialer:         &dial.Dialer{TLSConfig: config, Timeout: o.timeout},
		Auth:           auth.Password{User: o.user, Secret: secret, InsecureCleartext: o.insecureAuth, InsecureUnverified: o.insecureAuth},
		NoPipelining:   o.lockstep,
		MaxMessageSize: o.maxSize,
	}, nil
}
