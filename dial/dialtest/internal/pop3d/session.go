// Package pop3d is a POP3 server's side of a session: RFC 1939, RFC 2449 and
// RFC 5034.
package pop3d

import (
	"errors"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// Session is a client's session.
type Session struct {
	*serve.Session

	user     string
	messages []mailstore.Message
	deleted  map[int]bool // by index
}

// Greeting returns the usual greeting.
func (s *Session) Greeting() string { return "+OK ready" }

// Greeted reports whether the client is to go on.
func (s *Session) Greeted(greeting string) bool {
	return len(greeting) >= 3 && strings.EqualFold(greeting[:3], "+OK")
}

func (s *Session) say(reply string) { s.Say("%s", reply) }

// capabilities are what CAPA lists in any case.
func capabilities() []string {
	return []string{"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"}
}

// Extensions returns the capabilities that a server can be without.
func Extensions() []string { return append(capabilities(), "STLS", "USER", "SASL") }

// Commands returns the commands of POP3 and its extensions, those that this server does
// not understand among them.
func Commands() []string {
	return []string{
		"CAPA", "STLS", "USER", "PASS", "APOP", "AUTH", "LANG", "UTF8", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP", "QUIT",
	}
}

func (s *Session) capa() {
	s.say("+OK")
	for _, c := range capabilities() {
		if s.Has(c) {
			s.say(c)
		}
	}
	if s.MayUpgrade() && !s.Authed {
		s.say("STLS")
	}
	if s.MayLogin() && s.Has("USER") {
		s.say("USER")
	}
	if s.MayLogin() && s.Has("SASL") && len(s.Mechanisms) > 0 {
		s.say("SASL " + strings.Join(s.Mechanisms, " "))
	}
	s.say(".")
}

// login is the AUTHORIZATION state.
func (s *Session) login(verb, args string) error {
	var err error
	switch {
	case !s.MayLogin():
		s.say("-ERR begin TLS first")
		return nil
	case verb == "AUTH":
		err = s.Authenticate("+ ", args)
	case verb == "USER":
		s.user = args
		s.say("+OK now the password")
		return nil
	default:
		err = s.Login(s.user, args)
	}
	var refused *serve.Refusal
	switch {
	case err == nil:
		s.open()
		s.say("+OK welcome")
	case errors.As(err, &refused):
		s.say(refused.Reply)
	case err == serve.ErrWrong && s.Has("AUTH-RESP-CODE"):
		s.say("-ERR [AUTH] " + err.Error())
	case err == serve.ErrWrong:
		s.say("-ERR " + err.Error())
	case err == serve.ErrMechanism, err == serve.ErrCancelled:
		s.say("-ERR " + err.Error())
	default:
		return err
	}
	return nil
}

// open takes the maildrop as it is now. It is not locked: what another session
// deletes is gone for this one when it is read.
func (s *Session) open() {
	s.messages, s.deleted = s.Store.Inbox().Messages(), make(map[int]bool)
}

// quit deletes what was marked, and only then (RFC 1939 §6).
func (s *Session) quit() {
	var uids []uint32
	for i := range s.deleted {
		uids = append(uids, s.messages[i].UID)
	}
	if len(uids) > 0 {
		s.Store.Inbox().Expunge(uids...)
	}
	s.say("+OK bye")
}
