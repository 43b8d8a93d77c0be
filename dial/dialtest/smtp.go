package dialtest

import (
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// smtpSession is a server's side of RFC 5321 and RFC 6409.
type smtpSession struct {
	*session
	helloed bool
	sender  bool // MAIL was accepted
	message Message
}

func (s *smtpSession) handle(line string) error {
	verb, args, _ := strings.Cut(line, " ")
	switch verb = strings.ToUpper(verb); verb {
	case "EHLO", "HELO":
		s.hello(verb, args)
	case "STARTTLS":
		return s.starttls(args)
	case "AUTH":
		return s.auth(args)
	case "MAIL", "RCPT":
		s.envelope(verb, args)
	case "DATA":
		return s.data()
	case "RSET":
		s.reset()
		s.say("250 2.0.0 forgotten")
	case "NOOP":
		s.say("250 2.0.0 done")
	case "QUIT":
		s.say("221 2.0.0 bye")
		return errEnd
	default:
		s.say("500 5.5.1 unknown command")
	}
	return nil
}

func (s *smtpSession) reset() { s.sender, s.message = false, Message{} }

func (s *smtpSession) hello(verb, name string) {
	if name == "" {
		s.say("501 5.5.4 who are you")
		return
	}
	s.reset()
	s.helloed = true
	if verb == "HELO" {
		s.say("250 mail.test")
		return
	}
	for _, keyword := range s.keywords() {
		s.say("250-%s", keyword)
	}
	s.say("250 8BITMIME")
}

// keywords is what EHLO lists; 8BITMIME is the last line.
func (s *smtpSession) keywords() []string {
	list := []string{"mail.test", "PIPELINING"}
	if s.mayUpgrade() {
		list = append(list, "STARTTLS")
	}
	if s.mayLogin() && len(s.cfg.Mechanisms) > 0 {
		list = append(list, "AUTH "+strings.Join(s.cfg.Mechanisms, " "))
	}
	return list
}

func (s *smtpSession) starttls(args string) error {
	switch {
	case s.secure != nil:
		s.say("503 5.5.1 TLS is on")
	case s.cfg.NoSTARTTLS:
		s.say("502 5.5.1 not implemented")
	case args != "":
		s.say("501 5.5.4 no parameters allowed")
	default:
		// The client must introduce itself again (RFC 3207 §4.2).
		s.reset()
		s.helloed = false
		return s.upgrade("220 2.0.0 begin TLS")
	}
	return nil
}

func (s *smtpSession) auth(args string) error {
	switch {
	case !s.helloed, s.authed, s.sender:
		s.say("503 5.5.1 not now")
		return nil
	case !s.mayLogin():
		s.say("538 5.7.11 begin TLS first")
		return nil
	}
	switch err := s.authenticate("334 ", args); err {
	case nil:
		s.say("235 2.7.0 welcome")
	case errWrong:
		s.say("535 5.7.8 %v", err)
	case errMechanism:
		s.say("504 5.5.4 %v", err)
	case errCancelled:
		s.say("501 5.5.2 %v", err)
	default:
		return err
	}
	return nil
}

// envelope is MAIL and RCPT.
func (s *smtpSession) envelope(verb, args string) {
	address, ok := path(verb, args)
	switch {
	case !s.helloed:
		s.say("503 5.5.1 say EHLO first")
	case s.cfg.Protocol == policy.Submission && !s.authed && !s.mayLogin():
		s.say("530 5.7.0 begin TLS first")
	case s.cfg.Protocol == policy.Submission && !s.authed:
		s.say("530 5.7.0 log in first")
	case s.sender == (verb == "MAIL"):
		s.say("503 5.5.1 not now")
	case !ok || verb == "RCPT" && address == "":
		s.say("501 5.5.4 no address")
	case verb == "MAIL":
		s.sender, s.message.From = true, address
		s.say("250 2.1.0 from you")
	default:
		s.message.To = append(s.message.To, address)
		s.say("250 2.1.5 to them")
	}
}

// path returns the address in "FROM:<address> parameters" or "TO:<...> ...".
func path(verb, args string) (address string, ok bool) {
	word := "FROM:"
	if verb == "RCPT" {
		word = "TO:"
	}
	if len(args) < len(word) || !strings.EqualFold(args[:len(word)], word) {
		return "", false
	}
	rest, open := strings.CutPrefix(strings.TrimLeft(args[len(word):], " "), "<")
	address, _, closed := strings.Cut(rest, ">")
	return address, open && closed
}

func (s *smtpSession) data() error {
	if len(s.message.To) == 0 {
		s.say("503 5.5.1 not now")
		return nil
	}
	s.say("354 go on")
	for {
		line, err := s.rawLine()
		if err != nil {
			return err
		}
		if line == ".\r\n" {
			break
		}
		s.message.Data = append(s.message.Data, strings.TrimPrefix(line, ".")...)
	}
	s.mu.Lock()
	s.messages = append(s.messages, s.message)
	s.mu.Unlock()
	s.reset()
	s.say("250 2.0.0 accepted")
	return nil
}
