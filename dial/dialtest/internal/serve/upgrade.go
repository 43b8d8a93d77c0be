package serve

import (
	"crypto/tls"

	"github.com/mailconn/mailconn/policy"
)

// MayUpgrade reports whether STARTTLS is offered at this point.
func (s *Session) MayUpgrade() bool { return s.secure == nil && !s.NoSTARTTLS }

// MayLogin reports whether logins are.
func (s *Session) MayLogin() bool { return s.secure != nil || s.LoginInClear }

// Upgrade begins TLS after the go-ahead line. What the client has sent ahead
// may be an attacker's and must not be taken for its own.
func (s *Session) Upgrade(goAhead string) error {
	if s.in.Buffered() > 0 {
		return ErrEnd
	}
	s.conn.Recorder.ExpectTLS()
	s.goAhead(goAhead)
	return s.handshake()
}

func (s *Session) handshake() error {
	conn := tls.Server(s.conn, s.TLS)
	if err := conn.Handshake(); err != nil {
		return err
	}
	s.secure = conn
	s.speakOver(Inside{conn, s.conn.Recorder})
	return nil
}

// ALPN returns the protocol's registered id for ALPN. There is none for SMTP.
func ALPN(p policy.Protocol) []string {
	switch p {
	case policy.IMAP:
		return []string{"imap"}
	case policy.POP3:
		return []string{"pop3"}
	}
	return nil
}
