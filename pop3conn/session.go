package pop3conn

import (
	"context"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// session is a session before it is the caller's.
type session struct {
	conn      *dial.Conn
	opts      *Options
	lines     *wire.Lines
	caps      []string
	mechanism string
	utf8      bool
}

func newSession(conn *dial.Conn, o *Options) *session {
	return &session{conn: conn, opts: o, lines: wire.NewLines(conn)}
}

// begin asks what the server can do and logs in. It ends with nothing unread:
// what a server has said by then and was not asked for is no part of a session.
func (s *session) begin(ctx context.Context, enter func(dial.Phase)) (err error) {
	if s.caps = s.conn.Capabilities(); s.caps == nil {
		enter(dial.PhaseCapability)
		if s.caps, err = s.ask(); err != nil {
			return err
		}
	}
	if err = s.enterUTF8(enter); err != nil {
		return err
	}
	if s.opts.Auth == nil {
		return s.lines.Quiet()
	}
	enter(dial.PhaseAuth)
	s.lines.Renew(wire.SASL())
	c := &carrier{s.lines, s.caps, stamp(s.conn.Greeting())}
	login, err := auth.Authenticate(ctx, s.conn, c, s.opts.Auth, s.opts.InsecureAuth)
	s.mechanism = login.Mechanism
	return delayed(err, s.caps)
}

// ask says CAPA. A server that does not know it is one without extensions
// (RFC 2449 §5); one in trouble says so by a response code.
func (s *session) ask() ([]string, error) {
	list, r, err := pop3.Capa(s.lines)
	if err == nil && !r.OK && inTrouble(r.Code()) {
		err = wire.Violation(policy.ErrRefused, r.String())
	}
	return list, err
}

// client makes the session the caller's. From here on the connection has the
// time limits of the session and a buffer made for messages.
func (s *session) client() *Client {
	limit := s.opts.replyTimeout()
	guard := wire.NewGuard(s.conn, nil, limit, limit)
	return &Client{
		conn:      s.conn,
		guard:     guard,
		in:        newReader(guard, limit),
		mechanism: s.mechanism,
		caps:      s.caps,
		fresh:     s.mechanism == "", // RFC 2449 §5: the list may differ after a login
		lockstep:  s.opts.NoPipelining,
		room:      s.opts.messageRoom(),
		utf8:      s.utf8,
	}
}
