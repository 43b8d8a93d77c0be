package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/maildir"
	"github.com/mailconn/mailconn/examples/internal/progress"
	"github.com/mailconn/mailconn/imapconn"
)

// save brings the mailbox to the Maildir.
func (o *options) save(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	dir, err := maildir.Open(o.maildir, suffix)
	if err != nil {
		return err
	}
	b := &box{Dir: dir, name: o.mailbox, id: identity(o.Endpoint.Address(), o.User, o.mailbox)}
	b.client, err = o.connect(ctx, stdin, stderr)
	if err != nil {
		return b.explain(ctx, err)
	}
	defer b.client.Close()
	defer context.AfterFunc(ctx, func() { b.client.Abort() })()
	selected, err := b.client.Select(o.mailbox, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return b.explain(ctx, fmt.Errorf("mailbox %q: %w", o.mailbox, err))
	}
	b.made = selected.UIDValidity
	if err := b.save(ctx, stdout, stderr); err != nil {
		return b.explain(ctx, err)
	}
	fmt.Fprintf(stdout, "%d fetched, %d failed\n", b.fetched, b.failed)
	if b.failed > 0 {
		return fmt.Errorf("%s could not be had", progress.Count(b.failed, "message"))
	}
	return b.client.Logout().Wait()
}

// box is a mailbox, and the Maildir that gets its messages.
type box struct {
	*maildir.Dir
	client          *imapconn.Client
	name            string
	id              string // in the names of its files
	made            uint32 // UIDVALIDITY
	fetched, failed int
}

// save saves what is not there yet. A message that cannot be had costs itself.
func (b *box) save(ctx context.Context, stdout, stderr io.Writer) error {
	p := progress.New(stdout)
	missing, err := b.look(ctx, p, stdout)
	if err != nil {
		return err
	}
	defer p.End()
	var odd *imapconn.MessageError
	for m, err := range b.client.FetchEach(ctx, missing, &imapconn.FetchOptions{InternalDate: true}) {
		length := int64(0)
		if err == nil {
			length, err = b.write(m)
		}
		switch {
		case err == nil:
			b.fetched++
			p.Saved(length)
		case errors.As(err, &odd):
			b.failed++
			fmt.Fprintln(stderr, err)
		default:
			return err
		}
	}
	return nil
}

// look returns the messages that are not in the Maildir yet, and tells how many they are, and
// how many bytes they have, as the server says.
func (b *box) look(ctx context.Context, p *progress.Progress, stdout io.Writer) (missing imap.UIDSet, err error) {
	all, n, size := 0, 0, int64(0)
	for m, err := range b.client.FetchEach(ctx, imap.UIDSet{{Start: 1}}, &imapconn.FetchOptions{NoBody: true}) {
		if err != nil {
			return nil, err
		}
		all++
		if !b.Names[b.fileName(m.UID)] {
			missing.AddNum(m.UID)
			n++
			size += max(m.Size, 0)
		}
	}
	fmt.Fprintf(stdout, "%s in %s: %d here already, %d to fetch", progress.Count(all, "message"), b.name, all-n, n)
	if n > 0 {
		fmt.Fprintf(stdout, ", %s", progress.Amount(size))
	}
	fmt.Fprintln(stdout)
	p.Begin(n, size)
	return missing, nil
}

// connect logs in.
func (o *options) connect(ctx context.Context, stdin io.Reader, stderr io.Writer) (*imapconn.Client, error) {
	dialer, password, err := o.Credentials(ctx, stdin, stderr)
	if err != nil {
		return nil, err
	}
	return imapconn.Dial(ctx, o.Endpoint, &imapconn.Options{Dialer: dialer, Auth: password})
}

// explain says what a person can do about an error: often, run the program again.
func (b *box) explain(ctx context.Context, err error) error {
	var failed *dial.Error
	broken := errors.As(err, &failed) && failed.Phase == dial.PhaseSession
	switch err = cli.Hinted(err); {
	case ctx.Err() != nil:
		err = errors.New("interrupted")
	case !broken && b.fetched == 0:
		return err
	}
	return fmt.Errorf("%w\n%s saved in this run: run it again to go on", err, progress.Count(b.fetched, "message"))
}
