// Package cost_test counts what the library costs: round trips from dial to
// authenticated, allocations and goroutines beside the libraries it wraps.
// Everything is counted and nothing is timed.
package cost_test

import (
	"context"
	"net"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
)

// clear is what an honest server does that takes logins in the clear.
var clear = map[policy.Protocol]string{
	policy.IMAP: `
S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
C: AUTHENTICATE PLAIN *
S: <tag> OK [CAPABILITY IMAP4rev1 IDLE] welcome
C: NOOP
S: <tag> OK done`,
	policy.Submission: `
S: 220 ready
C: EHLO *
S: 250-mail.test
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 235 welcome
C: NOOP
S: 250 done`,
	policy.POP3: `
S: +OK ready
C: CAPA
S: +OK
S: SASL PLAIN
S: .
C: AUTH PLAIN *
S: +OK welcome
C: NOOP
S: +OK done`,
}

// connect goes over raw to an authenticated session.
func connect(ctx context.Context, player *scripttest.Player, raw net.Conn, e dial.Endpoint) (sessions.Session, error) {
	conn, err := player.Dialer().NewConn(ctx, raw, e)
	if err != nil {
		return nil, err
	}
	return sessions.New(ctx, conn, creds())
}
