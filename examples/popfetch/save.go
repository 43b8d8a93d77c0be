package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/prompt"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/fetch"
)

// save brings the account's new mail to the Maildir.
func (o *options) save(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	box, err := openMaildir(o.maildir)
	if err != nil {
		return err
	}
	seen, err := fetch.OpenFile(filepath.Join(o.maildir, "popfetch-seen"))
	if err != nil {
		return err
	}
	defer seen.Close()
	client, err := o.connect(ctx, stdin, stderr)
	if err != nil {
		return err
	}
	result, err := o.fetch(ctx, client, seen, box, newProgress(stdout))
	quit := client.Quit(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d on the server, %d new, %d saved, %d deleted\n", result.Listed, result.New, result.Stored, result.Deleted)
	if result.Deleted == 0 {
		return nil // there is nothing that QUIT had to commit
	}
	return quit
}

func (o *options) fetch(ctx context.Context, client *pop3conn.Client, seen fetch.Seen, box *maildir, p *progress) (fetch.Result, error) {
	defer p.end()
	account := o.user + "@" + o.endpoint.Host
	return fetch.Mail(ctx, client, &fetch.Options{Seen: seen, Delete: o.remove, Age: o.age, Begin: p.begin}, func(m *fetch.Message) error {
		n, err := box.save(fileName(account, m.Key), m)
		if err != nil {
			return fmt.Errorf("message %d: %w", m.Msg, err)
		}
		p.saved(n)
		return nil
	})
}

func (o *options) connect(ctx context.Context, stdin io.Reader, stderr io.Writer) (*pop3conn.Client, error) {
	config, err := o.tls()
	if err != nil {
		return nil, err
	}
	secret, err := prompt.Password(ctx, o.user, o.passwordFile, stdin, stderr)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	client, err := pop3conn.Dial(ctx, o.endpoint, &pop3conn.Options{
		Dialer:         &dial.Dialer{TLSConfig: config, Timeout: o.timeout},
		Auth:           auth.Password{User: o.user, Secret: secret, InsecureCleartext: o.insecureAuth, InsecureUnverified: o.insecureAuth},
		NoPipelining:   o.lockstep,
		MaxMessageSize: o.maxSize,
	})
	var stopped *dial.Error
	if errors.As(err, &stopped) && stopped.Hint() != "" {
		err = fmt.Errorf("%w\nhint: %s", err, stopped.Hint())
	}
	return client, err
}
