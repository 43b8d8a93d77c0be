package ported

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// inboxBefore watches an inbox: as such programs do it, with the client of go-imap, a
// loop that connects again, and a timer that ends IDLE before the server ends the session.
type inboxBefore struct {
	address  string
	implicit bool
	config   *tls.Config
	user     string
	password string
	handle   func(uid imap.UID, subject string)

	last imap.UID // the last that was handled
}

// run watches until ctx ends. It connects again whatever went wrong, also a password that
// was refused, until the provider locks the account.
func (w *inboxBefore) run(ctx context.Context) {
	for delay := time.Second; ; delay = min(2*delay, time.Minute) {
		started := time.Now()
		err := w.session(ctx)
		if ctx.Err() != nil {
			return
		}
		log.Printf("inbox: %v", err) // often "use of closed network connection"
		if time.Since(started) > time.Minute {
			delay = time.Second
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
	}
}

func (w *inboxBefore) connect(options *imapclient.Options) (*imapclient.Client, error) {
	options.TLSConfig = w.config
	if w.implicit {
		return imapclient.DialTLS(w.address, options)
	}
	return imapclient.DialStartTLS(w.address, options)
}

func (w *inboxBefore) session(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	client, err := w.connect(&imapclient.Options{
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
		return fmt.Errorf("connect: %w", err)
	}
	defer client.Close()
	defer context.AfterFunc(ctx, func() { client.Close() })()
	if err := client.Login(w.user, w.password).Wait(); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	if _, err := client.Select("INBOX", nil).Wait(); err != nil {
		return fmt.Errorf("select: %w", err)
	}
	for {
		if err := w.look(client); err != nil {
			return err
		}
		idle, err := client.Idle()
		if err != nil {
			return fmt.Errorf("idle: %w", err)
		}
		select {
		case <-changed:
		case <-client.Closed():
		case <-ctx.Done():
		case <-time.After(5 * time.Minute): // a connection that died without a word
		}
		if err := idle.Close(); err != nil {
			return fmt.Errorf("idle: %w", err)
		}
		if err := idle.Wait(); err != nil {
			return fmt.Errorf("idle: %w", err)
		}
	}
}

// look handles the messages after the last.
func (w *inboxBefore) look(client *imapclient.Client) error {
	var since imap.UIDSet
	since.AddRange(w.last+1, 0)
	messages, err := client.Fetch(since, &imap.FetchOptions{UID: true, Envelope: true}).Collect()
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	for _, m := range messages {
		if m.UID > w.last {
			w.handle(m.UID, m.Envelope.Subject)
			w.last = m.UID
		}
	}
	return nil
}
