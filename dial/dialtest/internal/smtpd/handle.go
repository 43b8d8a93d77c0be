package smtpd

import (
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

// Handle answers a line of the client's.
func (s *Session) Handle(line string) error {
	verb, args, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	switch {
	case verb == "BDAT" && s.Has("CHUNKING"):
		return s.bdat(line, args)
	case verb == "DATA":
		return s.data(line)
	case verb == "QUIT":
		if err := s.Command(line, s.reply, func() error { s.say("221 2.0.0 bye"); return serve.ErrEnd }); err != nil {
			return err
		}
		return serve.ErrEnd
	}
	return s.Command(line, s.reply, func() error { return s.handle(verb, args) })
}

func (s *Session) handle(verb, args string) error {
	if s.Ahead() {
		s.say(tooSoon)
		return nil
	}
	switch verb {
	case "EHLO", "LHLO", "HELO":
		s.hello(verb, args)
	case "STARTTLS":
		return s.starttls(args)
	case "AUTH":
		return s.auth(args)
	case "MAIL":
		s.say(s.mail(args))
	case "RCPT":
		s.say(s.rcpt(args))
	case "RSET":
		s.reset()
		s.say("250 2.0.0 forgotten")
	case "NOOP":
		s.say("250 2.0.0 done")
	case "VRFY":
		s.say("252 2.1.5 send some mail, and I will try")
	default:
		s.say("500 5.5.1 unknown command")
	}
	return nil
}
