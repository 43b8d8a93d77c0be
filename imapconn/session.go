package imapconn

import (
	"context"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	imapline "github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/unsolicited"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// beginning is a session before it is handed over.
type beginning struct {
	conn     *dial.Conn
	setup    *dial.Setup
	opts     *Options
	line     *imapline.Conn
	caps     []string
	redact   func(string) string // what the server says from the login on, nil before
	loggedIn bool
}

// begin learns the capabilities, logs in, and hands the connection over to
// go-imap's client.
func begin(ctx context.Context, conn *dial.Conn, setup *dial.Setup, o *Options) (*Client, error) {
	b := &beginning{conn: conn, setup: setup, opts: o, line: imapline.New(wire.LinesOf(wire.NewReaderSize(conn, wire.Greeting(), smallBuffer), conn))}
	b.line.Observe = b.observe
	if o.Notice != nil {
		b.observe(imapline.Parse("* " + conn.Greeting()))
	}
	if err := b.login(ctx); err != nil {
		return nil, err
	}
	compressed, err := b.compress()
	if err != nil {
		return nil, err
	}
	client, err := b.handOver(ctx, compressed)
	if err != nil {
		return nil, err
	}
	if err := b.notify(ctx, client); err != nil {
		client.Abort()
		return nil, err
	}
	return client, nil
}

// observe looks for alerts and for capability lists in a response. A list comes in
// the tagged OK, or untagged ahead of it.
func (b *beginning) observe(r imapline.Response) {
	if r.Code == "ALERT" && b.opts.Notice != nil && b.conn.Encrypted() {
		b.opts.Notice(Notice{Alert: b.alert(r.Text)})
	}
	if caps := r.Capabilities(); caps != nil && r.Status != "NO" && r.Status != "BAD" {
		b.caps = caps
	}
}

// alert returns the text of an alert as it may be shown.
func (b *beginning) alert(text string) string {
	if b.redact != nil && text != "" {
		if text = b.redact(text); text == "" {
			return "The server has sent an alert that cannot be shown here."
		}
	}
	return wire.Printable(text)
}

// login learns the capabilities, and authenticates unless the greeting was
// PREAUTH or there are no credentials.
func (b *beginning) login(ctx context.Context) error {
	if b.caps = b.conn.Capabilities(); b.caps == nil {
		b.setup.Enter(dial.PhaseCapability)
		if err := b.ask(); err != nil {
			return err
		}
	}
	_, external := b.opts.Auth.(auth.External)
	switch {
	case b.conn.Preauth() && b.opts.Auth != nil && !external:
		b.setup.Enter(dial.PhaseAuth)
		return wire.Violation(policy.ErrPreauth, b.conn.Greeting())
	case b.conn.Preauth():
		b.loggedIn = true
		return nil
	case b.opts.Auth == nil:
		return nil
	}
	b.setup.Enter(dial.PhaseAuth)
	return b.authenticate(ctx)
}

// ask asks for the capabilities.
func (b *beginning) ask() (err error) {
	if b.caps, err = line.Capabilities(b.line, b.conn.Encrypted()); err != nil {
		return err
	}
	return b.line.Ready(b.caps)
}

// authenticate logs in, after which the list of capabilities is a new one
// (RFC 9051 §6.2.2): the server's own, or asked for.
func (b *beginning) authenticate(ctx context.Context) (err error) {
	t := &transport{beginning: b, caps: b.caps}
	b.line.Renew(wire.SASL())
	login, err := auth.Authenticate(ctx, b.setup, t, b.opts.Auth)
	b.loggedIn = err == nil && !login.NotOffered
	return err
}

// refresh makes sure that the list of capabilities is that of the session's new
// state: it asks for one if the login did not bring it.
func (b *beginning) refresh() error {
	if b.caps == nil {
		return b.ask()
	}
	return b.line.Ready(b.caps)
}

// handOver gives the connection to go-imap's client. The greeting that the client
// reads first is made here from parsed atoms, so that no text of the server reaches
// it, and holds the complete list of capabilities, so that the client has no reason
// to ask for it while the caller's first command is on its way.
func (b *beginning) handOver(ctx context.Context, compressed bool) (*Client, error) {
	status := "OK"
	if b.loggedIn {
		status = "PREAUTH"
	}
	greeting := append(append(make([]byte, 0, smallBuffer), "* "...), status...)
	greeting = append(greeting, " [CAPABILITY"...)
	for _, c := range b.caps {
		greeting = append(append(greeting, ' '), c...)
	}
	greeting = append(greeting, "] ready\r\n"...)
	s := newStream(b.conn, greeting, b.opts, session.ReplyTimeout(b.opts.ReplyTimeout))
	switch behind := b.line.Take(); {
	case compressed:
		s.compress(behind)
	case len(behind) > 0:
		s.in = input{buf: behind, end: len(behind)}
	default:
		s.in = input{buf: greeting[:cap(greeting)]} // free once the client has read it
	}
	s.observer = unsolicited.From(ctx)
	client := imapclient.New(s, &imapclient.Options{
		UnilateralDataHandler: s.wrap(b.opts.UnilateralDataHandler),
		WordDecoder:           b.opts.WordDecoder,
	})
	if err := client.WaitGreeting(); err != nil {
		client.Close()
		return nil, err
	}
	s.serve(client)
	return &Client{inner: client, stream: s, conn: b.conn, caps: b.caps}, nil
}
