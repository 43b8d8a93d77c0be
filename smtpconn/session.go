package smtpconn

import (
	"context"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// session is a session before it is handed over.
type session struct {
	conn      *dial.Conn
	opts      *Options
	lines     *wire.Lines
	caps      []string
	mechanism string
}

func newSession(conn *dial.Conn, o *Options) *session {
	return &session{conn: conn, opts: o, lines: wire.NewLines(conn)}
}

// begin does what has to be done before the mail library may have the
// connection.
func (s *session) begin(ctx context.Context, enter func(dial.Phase)) (err error) {
	if s.caps = s.conn.Capabilities(); s.caps == nil {
		enter(dial.PhaseCapability)
		if s.caps, err = s.hello(); err != nil {
			return err
		}
	}
	if s.opts.Auth == nil {
		return smtpline.Quiet(s.lines)
	}
	enter(dial.PhaseAuth)
	s.lines.Renew(wire.SASL())
	login, err := auth.Authenticate(ctx, s.conn, &carrier{s.lines, s.caps}, s.opts.Auth, s.opts.InsecureAuth)
	s.mechanism = login.Mechanism
	return err
}

// hello says EHLO. To a server that does not know it, HELO is said only where
// no TLS was wanted: elsewhere such a server is not the one that was dialled.
func (s *session) hello() ([]string, error) {
	r, err := smtpline.Command(s.lines, "EHLO "+s.conn.LocalName())
	if err == nil && s.mayHELO(r.Code) {
		r, err = smtpline.Command(s.lines, "HELO "+s.conn.LocalName())
		r.Lines = r.Lines[:min(len(r.Lines), 1)]
	}
	switch {
	case err != nil:
		return nil, err
	case r.Code == 250:
		return smtpline.Keywords(r), nil
	case r.Refused():
		return nil, wire.Violation(policy.ErrRefused, r.String())
	}
	return nil, wire.Violation(policy.ErrMalformed, r.String())
}

func (s *session) mayHELO(code int) bool {
	unknown := code == 500 || code == 502 || code == 504
	return unknown && s.conn.Security().Endpoint.Policy == policy.NoTLS
}

// handOver gives the connection to the mail library, which is made to take
// EHLO's answer now.
func (s *session) handOver() (*Client, error) {
	write, command, message := s.opts.limits()
	line := newHandover(wire.NewFeed(wire.NewGuard(s.conn, nil, 0, write)), s.conn.LocalName(), s.caps)
	client := smtp.NewClient(line)
	client.CommandTimeout, client.SubmissionTimeout = command, message
	if err := client.Hello(s.conn.LocalName()); err != nil {
		return nil, err
	}
	return &Client{inner: client, line: line, conn: s.conn, caps: s.caps, mechanism: s.mechanism, opts: s.opts}, nil
}
