package pop3d

import (
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

// Handle answers a line of the client's.
func (s *Session) Handle(line string) error {
	verb, args, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	err := s.Command(line, s.say, func() error {
		if s.Ahead() {
			s.say("-ERR PIPELINING is not offered")
			return nil
		}
		return s.handle(verb, args)
	})
	if err == nil && verb == "QUIT" {
		return serve.ErrEnd
	}
	return err
}

func (s *Session) handle(verb, args string) error {
	switch {
	case verb == "CAPA":
		s.capa()
	case verb == "QUIT":
		s.quit()
	case s.Authed:
		s.transaction(verb, args)
	case verb == "STLS" && s.MayUpgrade():
		return s.Upgrade("+OK begin TLS")
	case (verb == "USER" || verb == "PASS") && s.Has("USER"), verb == "AUTH" && s.Has("SASL"):
		return s.login(verb, args)
	default:
		s.say("-ERR unknown command")
	}
	return nil
}
