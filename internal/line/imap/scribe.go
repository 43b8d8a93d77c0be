package imap

import (
	"fmt"
	"math"
	"strings"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
)

// scribe follows a conversation by its tags. What a login says is left out, and so
// are the words of what the server says until it has ended; literals, and the strings
// in what the server says of messages, are counted.
type scribe struct {
	login   string // the tag of the login under way
	command bool   // the client's next line goes on with a command, after a literal
	fetch   bool   // the server's next line goes on with a FETCH response

	compress   string // the tag of a COMPRESS under way
	compressed bool   // from here on there are no lines (RFC 4978)
}

// whatFollows is all that follows.
const whatFollows = math.MaxInt64

func (s *scribe) Sent(text string) line.Shown {
	if s.compressed {
		return line.Shown{Content: true, Skip: whatFollows}
	}
	goesOn := s.command
	n, err := literal(text)
	s.command = err == nil && n >= 0
	shown := line.Shown{Text: text, Skip: max(n, 0)}
	if s.login != "" {
		shown.Text = line.Hidden
		return shown
	}
	words := strings.SplitN(text, " ", 4)
	if goesOn || len(words) < 3 {
		return shown
	}
	switch wire.Upper(words[1]) {
	case "COMPRESS":
		s.compress = words[0]
	case "LOGIN":
		s.login = words[0]
		shown.Text = words[0] + " " + words[1] + " " + line.Hidden
	case "AUTHENTICATE":
		s.login = words[0]
		shown.Text = strings.Join(words[:3], " ")
		if len(words) > 3 {
			shown.Text += " " + line.Hidden
		}
	}
	return shown
}

func (s *scribe) Received(text string) line.Shown {
	n, err := literal(text)
	r := Parse(text)
	shown := line.Shown{Text: text}
	if s.compress != "" && r.Tag == s.compress {
		s.compress, s.compressed = "", r.Status == "OK"
		if s.compressed {
			shown.Skip = whatFollows
		}
		return shown
	}
	if s.fetch || r.Tag == "*" && r.Status == "" && isFetch(r.Line) {
		shown.Text = countStrings(text)
		s.fetch = err == nil && n >= 0
	}
	if r.Status == "" && err == nil { // a status text may end in anything
		shown.Skip = max(n, 0)
	}
	if s.login == "" {
		return shown
	}
	shown.Text = withoutWords(r, s.login)
	if r.Tag == s.login {
		s.login = ""
	}
	return shown
}

// withoutWords leaves out all of a response but its tag, its status and a code that
// servers answer logins with (RFC 5530).
func withoutWords(r Response, tag string) string {
	if r.Tag != "*" && r.Tag != "+" && r.Tag != tag {
		return line.Hidden
	}
	text := r.Tag
	if r.Status != "" {
		text += " " + r.Status
	}
	switch r.Code {
	case "ALERT", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "CANNOT", "CAPABILITY", "CLIENTBUG", "CONTACTADMIN",
		"EXPIRED", "INUSE", "LIMIT", "PRIVACYREQUIRED", "SERVERBUG", "UNAVAILABLE":
		text += " [" + r.Code + "]"
	}
	return text + " " + line.Hidden
}

// isFetch reports whether untagged data are about a message: "1 FETCH (…)".
func isFetch(text string) bool {
	_, rest, _ := strings.Cut(text, " ")
	word, _, _ := strings.Cut(rest, " ")
	return wire.Upper(word) == "FETCH"
}

// countStrings replaces each quoted string by its length.
func countStrings(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, `"`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		n := quotedLength(rest)
		fmt.Fprintf(&b, `"[%d bytes]"`, n)
		text = rest[min(n+1, len(rest)):]
	}
}

// quotedLength returns how many bytes a quoted string has, of which text is what
// follows the first quote (RFC 9051 §9).
func quotedLength(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}
