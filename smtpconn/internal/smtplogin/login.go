// Package smtplogin takes a connection to an authenticated session of SMTP (RFC 4954).
package smtplogin

import (
	"context"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
)

// Do asks for the server's capabilities, unless they are known, and logs in if there are
// credentials. It returns the capabilities.
func Do(ctx context.Context, conn *dial.Conn, setup *dial.Setup, lines wire.Lines, creds auth.Credentials) (caps []string, err error) {
	t := &transport{smtpline.Conn{Lines: lines, Client: conn}, conn.Capabilities()}
	if t.caps == nil {
		setup.Enter(dial.PhaseCapability)
		if t.caps, err = line.Capabilities(&t.lines, conn.Encrypted()); err != nil {
			return nil, err
		}
	}
	if creds == nil {
		return t.caps, t.Finish()
	}
	setup.Enter(dial.PhaseAuth)
	t.lines.Renew(wire.SASL())
	_, err = auth.Authenticate(ctx, setup, t, creds)
	return t.caps, err
}
