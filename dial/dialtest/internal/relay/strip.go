package relay

import (
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// stripper takes the offer of an upgrade out of what a server says.
type stripper struct {
	protocol policy.Protocol
	reply    []string // the lines so far of an SMTP reply to EHLO
}

// strip returns what is to be sent on for a line, CRLF included, that the
// server says after c: often the line itself, perhaps nothing, or several.
func (s *stripper) strip(c command, line string) string {
	switch {
	case s.protocol == policy.IMAP && strings.Contains(strings.ToUpper(line), "CAPABILITY "):
		return cutWord(line, " STARTTLS")
	case s.protocol == policy.POP3 && c.verb == "CAPA" && strings.EqualFold(strings.TrimSpace(line), "STLS"):
		return ""
	case s.protocol >= policy.Submission && (c.verb == "EHLO" || c.verb == "LHLO"):
		return s.ehlo(line)
	}
	return line
}

// ehlo holds the reply back until it is complete, since the line to take out
// may be the one that ends it.
func (s *stripper) ehlo(line string) string {
	if !strings.EqualFold(strings.TrimSpace(line[min(4, len(line)):]), "STARTTLS") {
		s.reply = append(s.reply, line)
	}
	if len(line) > 3 && line[3] == '-' || len(s.reply) == 0 {
		return ""
	}
	whole := s.reply
	s.reply = nil
	if last := whole[len(whole)-1]; len(last) > 3 {
		whole[len(whole)-1] = last[:3] + " " + last[4:]
	}
	return strings.Join(whole, "")
}

// cutWord removes word, which begins with a blank, wherever it stands whole.
func cutWord(line, word string) string {
	for from := 0; ; {
		i := strings.Index(strings.ToUpper(line[from:]), word)
		if i < 0 {
			return line
		}
		start, end := from+i, from+i+len(word)
		if end == len(line) || strings.IndexByte(" ]\r\n", line[end]) >= 0 {
			line = line[:start] + line[end:]
			from = start
		} else {
			from = end
		}
	}
}
