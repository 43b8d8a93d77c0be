package imaplogin

import (
	"context"
	"slices"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	imapline "github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// lineBuffer is the size of the buffer that lines are read into: most fit.
const lineBuffer = 512

// beginning is a session before it is handed over.
type beginning struct {
	conn     *dial.Conn
	setup    *dial.Setup
	opts     Options
	line     *imapline.Conn
	caps     []string
	redact   func(string) string // what the server says from the login on, nil before
	loggedIn bool
}

// Options are what a login depends on.
type Options struct {
	Auth     auth.Credentials
	Alert    func(text string) // is told of alerts inside TLS; may be nil
	Compress bool              // asks for compression
}

// Session is a connection that is ready for go-imap's client.
type Session struct {
	Caps       []string
	Preauth    bool // the session is authenticated
	Compressed bool
	Behind     []byte // what was read of the connection already
	Room       []byte // an empty slice, whose room the session may use
}

// Do learns the capabilities, logs in, and asks for compression.
func Do(ctx context.Context, conn *dial.Conn, setup *dial.Setup, o Options) (Session, error) {
	b := &beginning{conn: conn, setup: setup, opts: o, line: imapline.New(wire.LinesOf(wire.NewReaderSize(conn, wire.Greeting(), lineBuffer), conn))}
	b.line.Observe = b.observe
	if o.Alert != nil {
		b.observe(imapline.Parse("* " + conn.Greeting()))
	}
	if err := b.login(ctx); err != nil {
		return Session{}, err
	}
	compressed, err := b.compress()
	if err != nil {
		return Session{}, err
	}
	return Session{Caps: b.caps, Preauth: b.loggedIn, Compressed: compressed, Behind: b.line.Take(), Room: b.line.Release()}, nil
}

// observe looks for alerts and for capability lists in a response. A list comes in
// the tagged OK, or untagged ahead of it.
func (b *beginning) observe(r imapline.Response) {
	if r.Code == "ALERT" && b.opts.Alert != nil && b.conn.Encrypted() {
		b.opts.Alert(b.alert(r.Text))
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

// compress asks for compression, if the program wants it and it may be had. Behind the
// server's consent all that it says is compressed.
func (b *beginning) compress() (compressed bool, err error) {
	secret := b.conn.Encrypted() || b.conn.Endpoint().Policy == policy.NoTLS
	if !b.opts.Compress || !b.loggedIn || !secret || !slices.Contains(b.caps, "COMPRESS=DEFLATE") {
		return false, nil
	}
	b.setup.Enter(dial.PhaseCapability)
	r, err := b.line.Command("COMPRESS DEFLATE")
	return err == nil && r.Status == "OK", err
}
