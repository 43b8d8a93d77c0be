package pop3

import (
	"strings"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
)

// scribe follows a conversation by the order of replies. What a login says and is
// answered is left out but for the codes; messages are counted.
type scribe struct {
	due  []command // whose replies are due
	list *command  // whose list the server is sending
}

// command is what a reply answers.
type command struct {
	verb string
	args int
}

// secret reports whether the command says something secret, and its reply may repeat
// it.
func (c command) secret() bool { return c.verb == "PASS" || c.verb == "APOP" || c.verb == "AUTH" }

// lists reports whether a +OK to the command is followed by lines up to a dot.
func (c command) lists() bool {
	switch c.verb {
	case "LIST", "UIDL", "LANG":
		return c.args == 0
	}
	return c.verb == "CAPA" || c.message()
}

// message reports whether those lines are a message.
func (c command) message() bool { return c.verb == "RETR" || c.verb == "TOP" }

func (s *scribe) Sent(text string) line.Shown {
	if n := len(s.due); n > 0 && s.due[n-1].verb == "AUTH" {
		return line.Shown{Text: line.Hidden}
	}
	words := wire.Words(text)
	if len(words) == 0 {
		return line.Shown{Text: text}
	}
	c := command{wire.Upper(words[0]), len(words) - 1}
	s.due = append(s.due, c)
	shown := 1 // PASS: the rest of the line is the password
	switch c.verb {
	case "APOP", "AUTH":
		shown = 2
	}
	if c.secret() && len(words) > shown {
		text = strings.Join(words[:shown], " ") + " " + line.Hidden
	}
	return line.Shown{Text: text}
}

func (s *scribe) Received(text string) line.Shown {
	if s.list != nil {
		content := s.list.message() && text != "."
		if text == "." {
			s.list = nil
		}
		return line.Shown{Text: text, Content: content}
	}
	var c command
	if len(s.due) > 0 {
		c = s.due[0]
	}
	r, err := Parse(text)
	if err != nil { // a challenge, or what is not of the protocol
		if c.secret() {
			return line.Shown{Text: line.Hidden}
		}
		return line.Shown{Text: text}
	}
	if len(s.due) > 0 {
		s.due = s.due[1:]
	}
	if r.OK && c.lists() {
		s.list = &c
	}
	if c.secret() {
		indicator, _, _ := strings.Cut(text, " ")
		if code := r.Code(); code != "" && code == Known(code) {
			indicator += " [" + code + "]"
		}
		return line.Shown{Text: indicator + " " + line.Hidden}
	}
	return line.Shown{Text: text}
}
