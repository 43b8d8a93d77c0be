package ported

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
)

// Inbox watches an inbox, and calls Handle for each message once while the program runs;
// anew for all of them if the server gives the inbox other UIDs.
type Inbox struct {
	Server      dial.Endpoint
	Dialer      *dial.Dialer
	Credentials auth.Credentials
	Handle      func(uid imap.UID, subject string)
	Down        func(error) // is told of each outage

	validity uint32   // of last (RFC 9051 §2.3.1.1)
	last     imap.UID // the last that was handled
}

// Run watches until ctx ends, or until an error that time does not mend: a password that
// the server refused, a certificate, a broken policy.
//
// The commands are as they were. What is gone is the choice between two ways to connect,
// the wait for the end of a connection, and the timer for one that died. What is new is
// that Run ends before the provider locks the account, that Down is told why a session
// ended, and that no message is missed where the server has given the inbox other UIDs.
func (w *Inbox) Run(ctx context.Context) error {
	for delay := time.Second; ; delay = min(2*delay, time.Minute) {
		started := time.Now()
		err := w.session(ctx)
		var failed *dial.Error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &failed) && !failed.Temporary():
			return err
		case time.Since(started) > time.Minute:
			delay = time.Second
		}
		w.Down(err)
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

func (w *Inbox) session(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	client, err := imapconn.Dial(ctx, w.Server, &imapconn.Options{
		Dialer: w.Dialer,
		Auth:   w.Credentials,
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(*imapclient.UnilateralDataMailbox) {
				select {
				case changed <- struct{}{}:
				default:
				}
			},
		},
	})
	if err != nil {
		return err
	}
	defer client.Close()
	defer context.AfterFunc(ctx, func() { client.Abort() })()
	box, err := client.Select("INBOX", nil).Wait()
	if err != nil {
		return errors.Join(client.Err(), err)
	}
	if box.UIDValidity != w.validity {
		w.validity, w.last = box.UIDValidity, 0
	}
	for {
		if err := w.look(client); err != nil {
			return errors.Join(client.Err(), err)
		}
		idle, err := client.Idle() // go-imap begins it anew before the server ends it
		if err != nil {
			return errors.Join(client.Err(), err)
		}
		select {
		case <-changed:
		case <-client.Closed():
		}
		if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
			return errors.Join(client.Err(), err)
		}
	}
}

// look handles the messages after the last.
func (w *Inbox) look(client *imapconn.Client) error {
	var since imap.UIDSet
	since.AddRange(w.last+1, 0)
	messages, err := client.Fetch(since, &imap.FetchOptions{UID: true, Envelope: true}).Collect()
	for _, m := range messages {
		if m.UID > w.last {
			w.Handle(m.UID, m.Envelope.Subject)
			w.last = m.UID
		}
	}
	return err
}
