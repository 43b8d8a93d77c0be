package main

import (
	"bytes"
	"context"
	"io"
	"net/mail"

	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// pop3 looks into the mailbox every few minutes, and deletes nothing.
func (w *watch) pop3(ctx context.Context) error {
	return pop3watch.Run(ctx, pop3watch.Config{
		Endpoint: w.Endpoint,
		Options:  &pop3conn.Options{Dialer: w.dialer, Auth: w.auth},
		Seen:     pop3watch.File(w.file),
		Handle: func(ctx context.Context, m *pop3watch.Message) error {
			var read bytes.Buffer
			header := mail.Header{}
			if parsed, err := mail.ReadMessage(io.TeeReader(io.LimitReader(m, 1<<20), &read)); err == nil {
				header = parsed.Header
			}
			return w.tell(ctx, "mailbox", header.Get("From"), header.Get("Subject"), io.MultiReader(&read, m))
		},
		Down: w.down,
	})
}
