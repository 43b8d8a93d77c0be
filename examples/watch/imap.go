package main

import (
	"context"
	"fmt"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// imap watches mailboxes: the first by IDLE, and the others every few minutes.
func (w *watch) imap(ctx context.Context) error {
	if len(w.mailboxes) == 0 {
		w.mailboxes = nil // INBOX
	}
	items := &imapconn.FetchOptions{Envelope: true, NoBody: w.program == ""}
	return imapwatch.Run(ctx, imapwatch.Config{
		Endpoint:     w.Endpoint,
		Options:      &imapconn.Options{Dialer: w.dialer, Auth: w.auth},
		Mailboxes:    w.mailboxes,
		Positions:    imapwatch.File(w.file),
		SkipExisting: true,
		Handle: imapwatch.EachMessage(items, func(ctx context.Context, m *imapwatch.Message) error {
			from := ""
			if len(m.Envelope.From) > 0 {
				from = m.Envelope.From[0].Addr()
			}
			return w.tell(ctx, m.Mailbox, from, m.Envelope.Subject, m)
		}),
		Refused: func(mailbox string, err error) { fmt.Fprintf(w.out, "%s: %v\n", mailbox, err) },
		Down:    w.down,
	})
}
