package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/maildir"
	"github.com/mailconn/mailconn/examples/internal/progress"
	"github.com/mailconn/mailconn/examples/internal/prompt"
	"github.com/mailconn/mailconn/imapconn"
)

// save brings the mailbox to the Maildir.
func (o *options) save(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	dir, err := maildir.Open(o.maildir, suffix)
	if err != nil {
		return err
	}
	client, err := o.login(ctx, stdin, stderr)
	if err != nil {
		return hinted(err)
	}
	defer client.Close()
	defer context.AfterFunc(ctx, func() { client.Abort() })()
	selected, err := client.Select(o.mailbox, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return err
	}
	b := &box{
		Dir:     dir,
		client:  client,
		account: fmt.Sprintf("%s@%s/%s", o.user, o.endpoint.Host, o.mailbox),
		made:    selected.UIDValidity,
	}
	if err := b.save(ctx, stdout, stderr); err != nil {
		return hinted(err)
	}
	return client.Logout().Wait()
}

// box is a mailbox, and the Maildir that gets its messages.
type box struct {
	*maildir.Dir
	client  *imapconn.Client
	account string
	made    uint32 // UIDVALIDITY
}

// save saves what is not there yet. A message that cannot be had costs itself.
func (b *box) save(ctx context.Context, stdout, stderr io.Writer) error {
	missing, n, size, err := b.missing(ctx)
	if err != nil {
		return err
	}
	p := progress.New(stdout)
	p.Begin(n, size)
	saved, failed := 0, 0
	var odd *imapconn.MessageError
	for m, err := range b.client.FetchEach(ctx, missing, &imapconn.FetchOptions{InternalDate: true}) {
		length := int64(0)
		if err == nil {
			length, err = b.write(m)
		}
		switch {
		case err == nil:
			saved++
			p.Saved(length)
		case errors.As(err, &odd):
			failed++
			fmt.Fprintln(stderr, err)
		default:
			p.End()
			return err
		}
	}
	p.End()
	fmt.Fprintf(stdout, "%d missing, %d saved, %d failed\n", n, saved, failed)
	if failed > 0 {
		return fmt.Errorf("%d messages could not be had", failed)
	}
	return nil
}

// missing returns the messages that are not in the Maildir yet, how many they are, and how
// many bytes they have, as the server says.
func (b *box) missing(ctx context.Context) (uids imap.UIDSet, n int, size int64, err error) {
	for m, err := range b.client.FetchEach(ctx, imap.UIDSet{{Start: 1}}, &imapconn.FetchOptions{NoBody: true}) {
		if err != nil {
			return nil, 0, 0, err
		}
		if !b.Names[b.fileName(m.UID)] {
			uids.AddNum(m.UID)
			n++
			size += max(m.Size, 0)
		}
	}
	return uids, n, size, nil
}

// login says how to connect, and as whom.
func (o *options) login(ctx context.Context, stdin io.Reader, stderr io.Writer) (*imapconn.Client, error) {
	config, err := cli.TLSConfig(o.ca)
	if err != nil {
		return nil, err
	}
	secret, err := prompt.Password(ctx, o.user, o.passwordFile, stdin, stderr)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	return imapconn.Dial(ctx, o.endpoint, &imapconn.Options{
		Dialer: &dial.Dialer{TLSConfig: config, Timeout: o.timeout},
		Auth:   auth.Password{User: o.user, Secret: secret, InsecureCleartext: o.insecureAuth, InsecureUnverified: o.insecureAuth},
	})
}

// hinted adds what a person can do about an error.
func hinted(err error) error {
	var failed *dial.Error
	if errors.As(err, &failed) && failed.Hint() != "" {
		return fmt.Errorf("%w\nhint: %s", err, failed.Hint())
	}
	return err
}
