// Package smtpd is an SMTP server's side of a session: RFC 5321 and RFC 6409,
// with the extensions that clients send mail with.
package smtpd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

// Session is a client's session.
type Session struct {
	*serve.Session
	// Submission demands a login before MAIL.
	Submission bool
	// Took is given each message that was accepted.
	Took func(serve.Message)

	helloed bool
	sender  bool // MAIL was accepted
	broken  bool // a chunk was refused: the rest of the message is, too
}

// Greeting returns the usual greeting.
func (s *Session) Greeting() string { return "220 mail.test ESMTP ready" }

// Greeted reports whether the client is to go on.
func (s *Session) Greeted(greeting string) bool { return strings.HasPrefix(greeting, "220") }

// reply queues a line of a rule's reply.
func (s *Session) reply(line string) { s.Say("%s", line) }

// say queues a reply, without its enhanced status code if those are not offered.
func (s *Session) say(reply string) {
	code, rest, _ := strings.Cut(reply, " ")
	enhanced, words, ok := strings.Cut(rest, " ")
	if ok && strings.Count(enhanced, ".") == 2 && !s.Has("ENHANCEDSTATUSCODES") {
		reply = code + " " + words
	}
	s.Say("%s", reply)
}

// tooSoon is the reply to a command that was followed by others.
const tooSoon = "503 5.5.0 PIPELINING is not offered"

func (s *Session) reset() { s.sender, s.broken, s.Message = false, false, serve.Message{} }

func (s *Session) hello(verb, name string) {
	if name == "" {
		s.say("501 5.5.4 say who you are")
		return
	}
	s.reset()
	s.helloed = true
	if verb == "HELO" {
		s.say("250 mail.test")
		return
	}
	lines := append([]string{"mail.test"}, s.listed()...)
	for i, line := range lines {
		separator := "-"
		if i == len(lines)-1 {
			separator = " "
		}
		s.say("250" + separator + line)
	}
}

// extensions are what EHLO lists in any case.
func extensions() []string {
	return []string{"PIPELINING", "CHUNKING", "8BITMIME", "BINARYMIME", "SMTPUTF8", "SIZE", "DSN", "ENHANCEDSTATUSCODES"}
}

// Extensions returns those that a server can be without.
func Extensions() []string { return append(extensions(), "REQUIRETLS", "STARTTLS", "AUTH") }

// Commands returns the commands of SMTP and its extensions, those that this server does
// not understand among them.
func Commands() []string {
	return []string{
		"EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "BURL", "RSET", "NOOP", "QUIT",
		"VRFY", "EXPN", "HELP", "ETRN", "ATRN", "TURN", "SEND", "SOML", "SAML",
	}
}

// listed returns what EHLO lists.
func (s *Session) listed() []string {
	var list []string
	for _, e := range extensions() {
		if s.Has(e) {
			list = append(list, e)
		}
	}
	if i := slices.Index(list, "SIZE"); i >= 0 && s.MaxSize > 0 {
		list[i] = fmt.Sprintf("SIZE %d", s.MaxSize)
	}
	if s.Secure() && s.Has("REQUIRETLS") {
		list = append(list, "REQUIRETLS")
	}
	if s.MayUpgrade() {
		list = append(list, "STARTTLS")
	}
	if s.MayLogin() && len(s.Mechanisms) > 0 && s.Has("AUTH") {
		list = append(list, "AUTH "+strings.Join(s.Mechanisms, " "))
	}
	return list
}

func (s *Session) starttls(args string) error {
	switch {
	case s.Secure():
		s.say("503 5.5.1 TLS is on")
	case s.NoSTARTTLS:
		s.say("502 5.5.1 not implemented")
	case args != "":
		s.say("501 5.5.4 no parameters allowed")
	default:
		// The client must introduce itself again (RFC 3207 §4.2).
		s.reset()
		s.helloed = false
		return s.Upgrade("220 2.0.0 begin TLS")
	}
	return nil
}

func (s *Session) auth(args string) error {
	switch {
	case !s.Has("AUTH"):
		s.say("502 5.5.1 not implemented")
		return nil
	case !s.helloed, s.Authed, s.sender:
		s.say("503 5.5.1 not now")
		return nil
	case !s.MayLogin():
		s.say("538 5.7.11 begin TLS first")
		return nil
	}
	var refused *serve.Refusal
	switch err := s.Authenticate("334 ", args); {
	case err == nil:
		s.say("235 2.7.0 welcome")
	case errors.As(err, &refused):
		s.reply(refused.Reply)
	case err == serve.ErrWrong:
		s.say("535 5.7.8 " + err.Error())
	case err == serve.ErrMechanism:
		s.say("504 5.5.4 " + err.Error())
	case err == serve.ErrCancelled:
		s.say("501 5.5.2 " + err.Error())
	default:
		return err
	}
	return nil
}
