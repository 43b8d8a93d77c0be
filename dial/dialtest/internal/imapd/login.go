package imapd

import (
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

func (s *Session) starttls() error {
	if !s.MayUpgrade() || s.Authed {
		return refusal("BAD not possible now")
	}
	return s.Upgrade(s.tag + " OK begin TLS")
}

// compress is COMPRESS (RFC 4978 §3).
func (s *Session) compress(c *command) error {
	mechanism := strings.ToUpper(c.atom())
	switch c.end(); {
	case c.err != nil:
		return c.err
	case mechanism != "DEFLATE":
		return refusal("NO no such mechanism")
	}
	if !s.Compress(s.tag + " OK compressed from here on") {
		return refusal("NO [COMPRESSIONACTIVE] the session is compressed already")
	}
	return nil
}

// mayLogin returns why a login is not possible now.
func (s *Session) mayLogin() error {
	switch {
	case s.Authed:
		return refusal("BAD already authenticated")
	case !s.MayLogin():
		return refusal("NO [PRIVACYREQUIRED] begin TLS first")
	}
	return nil
}

func (s *Session) login(c *command) error {
	if err := s.mayLogin(); err != nil {
		return err
	}
	user := c.astring()
	c.space()
	password := c.astring()
	if c.end(); c.err != nil {
		return refusal("BAD " + serve.ErrCancelled.Error())
	}
	return s.loggedIn(s.Login(user, password))
}

func (s *Session) authenticate(line string) error {
	err := s.mayLogin()
	_, args, _ := strings.Cut(line, " ")
	if err == nil && strings.Contains(args, " ") && !s.Has("SASL-IR") {
		err = refusal("BAD no initial response without SASL-IR")
	}
	if err == nil {
		err = s.loggedIn(s.Authenticate("+ ", args))
	}
	return s.refuse(err)
}

// loggedIn says what came of a login.
func (s *Session) loggedIn(err error) error {
	switch err {
	case nil:
		s.done("OK [%s] welcome", s.capabilities())
	case serve.ErrWrong:
		return refusal("NO [AUTHENTICATIONFAILED] " + err.Error())
	case serve.ErrMechanism:
		return refusal("NO [CANNOT] " + err.Error())
	case serve.ErrCancelled:
		return refusal("BAD " + err.Error())
	}
	return err
}
