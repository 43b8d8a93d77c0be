package imapconn

import (
	"context"
	"strings"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	imapline "github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// session is a session before it is handed over.
type session struct {
	conn      *dial.Conn
	opts      *Options
	line      *imapline.Conn
	caps      []string
	mechanism string
	loggedIn  bool
}

func newSession(conn *dial.Conn, o *Options) *session {
	s := &session{conn: conn, opts: o, line: imapline.New(wire.NewLines(conn))}
	s.line.Heard = s.heard
	return s
}

// heard looks at all that the server says: for alerts, and for capability
// lists, which come in the tagged OK or untagged ahead of it.
func (s *session) heard(r imapline.Response) {
	if r.Code == "ALERT" && s.opts.Alert != nil && s.conn.Security().Encrypted() {
		s.opts.Alert(wire.Printable(r.Text))
	}
	if caps := r.Capabilities(); caps != nil && r.Status != "NO" && r.Status != "BAD" {
		s.caps = caps
	}
}

// begin does what has to be done before the mail library may have the
// connection.
func (s *session) begin(ctx context.Context, enter func(dial.Phase)) error {
	if s.opts.Alert != nil {
		s.heard(imapline.Parse("* " + s.conn.Greeting()))
	}
	if s.caps = s.conn.Capabilities(); s.caps == nil {
		enter(dial.PhaseCapability)
		if err := s.ask(); err != nil {
			return err
		}
	}
	_, external := s.opts.Auth.(auth.External)
	switch {
	case s.conn.Preauth() && s.opts.Auth != nil && !external:
		enter(dial.PhaseAuth)
		return wire.Violation(policy.ErrPreauth, s.conn.Greeting())
	case s.conn.Preauth():
		s.loggedIn = true
		return nil
	case s.opts.Auth == nil:
		return nil
	}
	enter(dial.PhaseAuth)
	return s.authenticate(ctx)
}

func (s *session) ask() (err error) {
	if s.caps, err = s.line.Capability(); err != nil {
		return err
	}
	return imapline.Speaks(s.caps)
}

// authenticate logs in, after which the list of capabilities is a new one
// (RFC 9051 §6.2.2): the server's own, or asked for.
func (s *session) authenticate(ctx context.Context) (err error) {
	c := &carrier{session: s, caps: s.caps}
	s.line.Renew(wire.SASL())
	login, err := auth.Authenticate(ctx, s.conn, c, s.opts.Auth, s.opts.InsecureAuth)
	s.mechanism, s.loggedIn = login.Mechanism, err == nil
	return err
}

// refresh makes sure of a list that is of the session's new state.
func (s *session) refresh() error {
	if s.caps == nil {
		return s.ask()
	}
	return imapline.Speaks(s.caps)
}

// handOver gives the connection to the mail library. What the library reads
// first is written here, of parsed atoms: no text of the server comes through,
// and the list is complete, so that the library has no reason to ask for it
// while the caller's first command is on its way.
func (s *session) handOver() (*Client, error) {
	status := "OK"
	if s.loggedIn {
		status = "PREAUTH"
	}
	limit := s.opts.replyTimeout()
	first := []byte("* " + status + " [CAPABILITY " + strings.Join(s.caps, " ") + "] ready\r\n")
	guard := wire.NewGuard(s.conn, append(first, s.line.Take()...), limit, limit)
	client := imapclient.New(guard, &imapclient.Options{
		UnilateralDataHandler: s.opts.UnilateralDataHandler,
		WordDecoder:           s.opts.WordDecoder,
	})
	if err := client.WaitGreeting(); err != nil {
		client.Close()
		return nil, err
	}
	return &Client{inner: client, guard: guard, conn: s.conn, mechanism: s.mechanism}, nil
}
