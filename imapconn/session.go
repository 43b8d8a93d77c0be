package imapconn

import (
	"context"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn/internal/imaplogin"
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/imapconn/internal/stream"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/unsolicited"
)

// begin learns the capabilities, logs in, and hands the connection over to
// go-imap's client.
func begin(ctx context.Context, conn *dial.Conn, setup *dial.Setup, o Options) (*Client, error) {
	l := imaplogin.Options{Auth: o.Auth, Compress: o.Compress}
	if tell := o.Notice; tell != nil {
		l.Alert = func(text string) { tell(Notice{Alert: text}) }
	}
	in, err := imaplogin.Do(ctx, conn, setup, l)
	if err != nil {
		return nil, err
	}
	client, err := handOver(ctx, conn, in, o)
	if err != nil {
		return nil, err
	}
	if err := notify(ctx, setup, client); err != nil {
		client.Abort()
		return nil, err
	}
	return client, nil
}

// handOver gives the connection to go-imap's client. The greeting that the client
// reads first is made here from parsed atoms, so that no text of the server reaches
// it, and holds the complete list of capabilities, so that the client has no reason
// to ask for it while the caller's first command is on its way.
func handOver(ctx context.Context, conn *dial.Conn, in imaplogin.Session, o Options) (*Client, error) {
	status := "OK"
	if in.Preauth {
		status = "PREAUTH"
	}
	greeting := append(append(in.Room, "* "...), status...)
	greeting = append(greeting, " [CAPABILITY"...)
	for _, c := range in.Caps {
		greeting = append(append(greeting, ' '), c...)
	}
	greeting = append(greeting, "] ready\r\n"...)
	cfg := stream.Config{
		Limits: o.Bounds.limits(), Reply: session.ReplyTimeout(o.ReplyTimeout), WordDecoder: o.WordDecoder,
		Observer: unsolicited.From(ctx), Compressed: in.Compressed, Behind: in.Behind,
	}
	if tell := o.Notice; tell != nil {
		cfg.Notice = func(n notice.Notice) { tell(Notice(n)) }
	}
	s := stream.New(conn, greeting, cfg)
	client := imapclient.New(s, &imapclient.Options{
		UnilateralDataHandler: s.Wrap(o.UnilateralDataHandler),
		WordDecoder:           o.WordDecoder,
	})
	if err := client.WaitGreeting(); err != nil {
		client.Close()
		return nil, err
	}
	s.Serve(client)
	return &Client{inner: client, stream: s, conn: conn, caps: in.Caps}, nil
}
