package dialtest

import (
	"io"
	"strconv"
	"strings"
)

// imapSession is a server's side of RFC 3501 without mailboxes.
type imapSession struct {
	*session
	tag string
}

// capabilities returns the list for the state that the session is in.
func (s *imapSession) capabilities() string {
	list := []string{"CAPABILITY", "IMAP4rev1"}
	if s.authed {
		return strings.Join(append(list, "IDLE"), " ")
	}
	list = append(list, "SASL-IR")
	if s.mayUpgrade() {
		list = append(list, "STARTTLS")
	}
	if !s.mayLogin() {
		return strings.Join(append(list, "LOGINDISABLED"), " ")
	}
	for _, m := range s.cfg.Mechanisms {
		list = append(list, "AUTH="+m)
	}
	return strings.Join(list, " ")
}

func (s *imapSession) handle(line string) error {
	tag, rest, _ := strings.Cut(line, " ")
	verb, args, _ := strings.Cut(rest, " ")
	if s.tag = tag; tag == "" || tag == "*" || tag == "+" {
		s.say("* BAD no tag")
		return nil
	}
	switch strings.ToUpper(verb) {
	case "CAPABILITY":
		s.say("* %s", s.capabilities())
		s.done("OK listed")
	case "NOOP":
		s.done("OK done")
	case "LOGOUT":
		s.say("* BYE bye")
		s.done("OK done")
		return errEnd
	case "STARTTLS":
		return s.starttls()
	case "AUTHENTICATE", "LOGIN":
		return s.enter(strings.ToUpper(verb), args)
	case "IDLE":
		return s.idle()
	default:
		s.done("BAD unknown command")
	}
	return nil
}

// done ends the command with its tagged line.
func (s *imapSession) done(status string) { s.say("%s %s", s.tag, status) }

func (s *imapSession) starttls() error {
	if !s.mayUpgrade() || s.authed {
		s.done("BAD not possible now")
		return nil
	}
	return s.upgrade(s.tag + " OK begin TLS")
}

// enter is LOGIN and AUTHENTICATE.
func (s *imapSession) enter(verb, args string) error {
	var err error
	switch {
	case s.authed:
		s.done("BAD already authenticated")
		return nil
	case !s.mayLogin():
		s.done("NO [PRIVACYREQUIRED] begin TLS first")
		return nil
	case verb == "LOGIN":
		err = s.login(args)
	default:
		err = s.authenticate("+ ", args)
	}
	switch err {
	case nil:
		s.done("OK [" + s.capabilities() + "] welcome")
	case errWrong:
		s.done("NO [AUTHENTICATIONFAILED] " + err.Error())
	case errMechanism:
		s.done("NO [CANNOT] " + err.Error())
	case errCancelled:
		s.done("BAD " + err.Error())
	default:
		return err
	}
	return nil
}

func (s *imapSession) login(args string) error {
	user, rest, err := s.astring(args)
	if err != nil {
		return err
	}
	rest, spaced := strings.CutPrefix(rest, " ")
	if !spaced {
		return errCancelled
	}
	password, rest, err := s.astring(rest)
	switch {
	case err != nil:
		return err
	case rest != "":
		return errCancelled
	case !s.accepts(user, password):
		return errWrong
	}
	s.authed = true
	return nil
}

// astring takes an atom, a quoted string or a literal from the front of a
// line. Behind a literal it goes on reading.
func (s *imapSession) astring(line string) (value, rest string, err error) {
	switch {
	case strings.HasPrefix(line, `"`):
		return unquote(line[1:])
	case strings.HasPrefix(line, "{"):
		return s.literal(line)
	}
	end := strings.IndexByte(line, ' ')
	if end < 0 {
		end = len(line)
	}
	if end == 0 {
		return "", "", errCancelled
	}
	return line[:end], line[end:], nil
}

// unquote reads a quoted string whose first quote is gone.
func unquote(line string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			return b.String(), line[i+1:], nil
		case c == '\\' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errCancelled
}

// maxLiteral bounds what is read without looking at it.
const maxLiteral = 1 << 16

func (s *imapSession) literal(line string) (value, rest string, err error) {
	digits, ok := strings.CutSuffix(line[1:], "}")
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n > maxLiteral {
		return "", "", errCancelled
	}
	s.say("+ go on")
	s.out.Flush()
	text := make([]byte, n)
	if _, err := io.ReadFull(s.in, text); err != nil {
		return "", "", err
	}
	rest, err = s.line()
	return string(text), rest, err
}

func (s *imapSession) idle() error {
	if !s.authed {
		s.done("BAD log in first")
		return nil
	}
	s.say("+ idling")
	line, err := s.line()
	switch {
	case err != nil:
		return err
	case strings.EqualFold(line, "DONE"):
		s.done("OK done")
	default:
		s.done("BAD expected DONE")
	}
	return nil
}
