package dialtest

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// letter is a message in a POP3 mailbox.
type letter struct{ id, text string }

// pop3Session is a server's side of RFC 1939, RFC 2449 and RFC 5034.
type pop3Session struct {
	*session
	user    string
	letters []letter
	deleted map[string]bool // by id
}

func (s *pop3Session) handle(line string) error {
	verb, args, _ := strings.Cut(line, " ")
	switch verb = strings.ToUpper(verb); {
	case verb == "CAPA":
		s.capa()
	case verb == "QUIT":
		s.quit()
		return errEnd
	case s.authed:
		s.transaction(verb, args)
	case verb == "STLS" && s.mayUpgrade():
		return s.upgrade("+OK begin TLS")
	case verb == "USER" || verb == "PASS" || verb == "AUTH":
		return s.enter(verb, args)
	default:
		s.say("-ERR unknown command")
	}
	return nil
}

func (s *pop3Session) capa() {
	s.say("+OK")
	for _, c := range []string{"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"} {
		s.say("%s", c)
	}
	if s.mayUpgrade() && !s.authed {
		s.say("STLS")
	}
	if s.mayLogin() {
		s.say("USER")
		if len(s.cfg.Mechanisms) > 0 {
			s.say("SASL %s", strings.Join(s.cfg.Mechanisms, " "))
		}
	}
	s.say(".")
}

// enter is the AUTHORIZATION state.
func (s *pop3Session) enter(verb, args string) error {
	var err error
	switch {
	case !s.mayLogin():
		s.say("-ERR begin TLS first")
		return nil
	case verb == "AUTH":
		err = s.authenticate("+ ", args)
	case verb == "USER":
		s.user = args
		s.say("+OK now the password")
		return nil
	case !s.accepts(s.user, args):
		err = errWrong
	}
	switch err {
	case nil:
		s.open()
		s.say("+OK welcome")
	case errWrong:
		s.say("-ERR [AUTH] %v", err)
	case errMechanism, errCancelled:
		s.say("-ERR %v", err)
	default:
		return err
	}
	return nil
}

func (s *pop3Session) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.authed = true
	s.letters, s.deleted = slices.Clone(s.mailbox), make(map[string]bool)
}

// quit deletes what was marked, and only then (RFC 1939 §6).
func (s *pop3Session) quit() {
	s.mu.Lock()
	s.mailbox = slices.DeleteFunc(s.mailbox, func(l letter) bool { return s.deleted[l.id] })
	s.mu.Unlock()
	s.say("+OK bye")
}

func (s *pop3Session) transaction(verb, args string) {
	switch verb {
	case "STAT":
		s.say("+OK %d %d", len(s.letters)-len(s.deleted), s.octets())
	case "LIST":
		s.list(args, func(l letter) string { return strconv.Itoa(len(l.text)) })
	case "UIDL":
		s.list(args, func(l letter) string { return l.id })
	case "RETR":
		s.retrieve(args, math.MaxInt)
	case "TOP":
		s.top(args)
	case "DELE":
		if _, l, ok := s.letter(args); ok {
			s.deleted[l.id] = true
			s.say("+OK marked")
		}
	case "RSET":
		clear(s.deleted)
		s.say("+OK")
	case "NOOP":
		s.say("+OK")
	default:
		s.say("-ERR unknown command")
	}
}

func (s *pop3Session) octets() (sum int) {
	for _, l := range s.letters {
		if !s.deleted[l.id] {
			sum += len(l.text)
		}
	}
	return sum
}

// letter finds a message by its number, or says that there is none.
func (s *pop3Session) letter(number string) (n int, l letter, ok bool) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(s.letters) || s.deleted[s.letters[n-1].id] {
		s.say("-ERR no such message")
		return 0, letter{}, false
	}
	return n, s.letters[n-1], true
}

// list is LIST and UIDL, for one message or for all.
func (s *pop3Session) list(number string, what func(letter) string) {
	if number != "" {
		if n, l, ok := s.letter(number); ok {
			s.say("+OK %d %s", n, what(l))
		}
		return
	}
	s.say("+OK")
	for i, l := range s.letters {
		if !s.deleted[l.id] {
			s.say("%d %s", i+1, what(l))
		}
	}
	s.say(".")
}

func (s *pop3Session) top(args string) {
	number, lines, _ := strings.Cut(args, " ")
	limit, err := strconv.Atoi(lines)
	if err != nil || limit < 0 {
		s.say("-ERR how many lines")
		return
	}
	s.retrieve(number, limit)
}

// retrieve sends a message's header and so many lines of its body.
func (s *pop3Session) retrieve(number string, limit int) {
	_, l, ok := s.letter(number)
	if !ok {
		return
	}
	s.say("+OK")
	body := false
	for line := range strings.Lines(l.text) {
		if body && limit == 0 {
			break
		}
		if body {
			limit--
		}
		line = strings.TrimSuffix(line, "\r\n")
		body = body || line == ""
		if strings.HasPrefix(line, ".") {
			line = "." + line
		}
		s.say("%s", line)
	}
	s.say(".")
}
