package pop3d

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// transaction is the TRANSACTION state.
func (s *Session) transaction(verb, args string) {
	if (verb == "TOP" || verb == "UIDL") && !s.Has(verb) {
		verb = ""
	}
	switch verb {
	case "STAT":
		n, octets := s.stat()
		s.say(fmt.Sprintf("+OK %d %d", n, octets))
	case "LIST":
		s.list(args, func(m mailstore.Message) string { return strconv.Itoa(len(m.Text)) })
	case "UIDL":
		s.list(args, func(m mailstore.Message) string { return m.ID })
	case "RETR":
		s.retrieve(args, math.MaxInt)
	case "TOP":
		s.top(args)
	case "DELE":
		if n, ok := s.number(args); ok {
			s.deleted[n-1] = true
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

func (s *Session) stat() (n, octets int) {
	for i, m := range s.messages {
		if !s.deleted[i] {
			n++
			octets += len(m.Text)
		}
	}
	return n, octets
}

// number reads the number of a message, or says that there is none.
func (s *Session) number(args string) (n int, ok bool) {
	n, err := strconv.Atoi(args)
	if err != nil || n < 1 || n > len(s.messages) || s.deleted[n-1] {
		s.say("-ERR no such message")
		return 0, false
	}
	return n, true
}

// list is LIST and UIDL, for one message or for all.
func (s *Session) list(args string, what func(mailstore.Message) string) {
	if args != "" {
		if n, ok := s.number(args); ok {
			s.say(fmt.Sprintf("+OK %d %s", n, what(s.messages[n-1])))
		}
		return
	}
	s.say("+OK")
	for i, m := range s.messages {
		if !s.deleted[i] {
			s.say(fmt.Sprintf("%d %s", i+1, what(m)))
		}
	}
	s.say(".")
}

func (s *Session) top(args string) {
	number, lines, _ := strings.Cut(args, " ")
	limit, err := strconv.Atoi(lines)
	if err != nil || limit < 0 {
		s.say("-ERR how many lines")
		return
	}
	s.retrieve(number, limit)
}

// retrieve sends a message's header and so many lines of its body.
func (s *Session) retrieve(args string, limit int) {
	n, ok := s.number(args)
	if !ok {
		return
	}
	s.say("+OK")
	body := false
	for line := range strings.Lines(s.messages[n-1].Text) {
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
		s.say(line)
	}
	s.say(".")
}
