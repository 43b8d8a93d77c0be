package smtp

import (
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
)

// scribe follows a conversation by the order of replies. What a client says for AUTH
// and what the server answers is left out but for the codes; the content of messages
// is counted.
type scribe struct {
	due     []string // the verbs whose replies are due
	content bool     // what the client says is a message, up to the dot
}

// auth is the verb of all that is said in a login.
const auth = "AUTH"

func (s *scribe) loggingIn() bool { return len(s.due) > 0 && s.due[len(s.due)-1] == auth }

func (s *scribe) Sent(text string) line.Shown {
	if s.content {
		if text == "." {
			s.content = false
			s.due = append(s.due, ".")
		}
		return line.Shown{Content: text != ".", Text: text}
	}
	if s.loggingIn() {
		return line.Shown{Text: line.Hidden}
	}
	words := wire.Words(text)
	if len(words) == 0 {
		return line.Shown{Text: text}
	}
	verb := wire.Upper(words[0])
	s.due = append(s.due, verb)
	switch {
	case verb == auth && len(words) > 2:
		return line.Shown{Text: words[0] + " " + words[1] + " " + line.Hidden}
	case verb == "BDAT" && len(words) > 1:
		n, _ := strconv.ParseInt(words[1], 10, 64) // what is no number is no chunk either
		return line.Shown{Text: text, Skip: max(n, 0)}
	}
	return line.Shown{Text: text}
}

func (s *scribe) Received(text string) line.Shown {
	code, _, more, ok := parse(text)
	verb := ""
	if len(s.due) > 0 {
		verb = s.due[0]
	}
	switch {
	case !ok:
		return line.Shown{Text: s.withoutWords(verb, text)}
	case more:
	case verb == auth && code == 334: // the exchange goes on
	case len(s.due) > 0:
		s.due = s.due[1:]
		s.content = verb == "DATA" && code == 354
	}
	return line.Shown{Text: s.withoutWords(verb, text)}
}

// withoutWords leaves out all but the codes of a reply to AUTH.
func (s *scribe) withoutWords(verb, text string) string {
	if verb != auth {
		return text
	}
	if _, rest, _, ok := parse(text); ok && len(text) > 4 {
		enhanced, _, _ := strings.Cut(rest, " ")
		if strings.Trim(enhanced, "0123456789.") == "" && strings.Count(enhanced, ".") == 2 {
			return text[:4] + enhanced + " " + line.Hidden
		}
		return text[:4] + line.Hidden
	} else if ok {
		return text
	}
	return line.Hidden
}
