package message

import (
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// envelope reads the structure of a message's header (RFC 9051 §7.5.2).
func (r *Reader) envelope() (*imap.Envelope, bool) {
	if !r.enter() {
		return nil, false
	}
	e := new(imap.Envelope)
	date, ok := r.nstring()
	if !ok || !r.is(' ') {
		return nil, false
	}
	e.Date = parseDate(date)
	if e.Subject, ok = r.text(); !ok {
		return nil, false
	}
	for _, field := range []*[]imap.Address{&e.From, &e.Sender, &e.ReplyTo, &e.To, &e.Cc, &e.Bcc} {
		if !r.is(' ') || !r.addresses(field) {
			return nil, false
		}
	}
	if !r.is(' ') || !r.ids(e) {
		return nil, false
	}
	return e, r.leave()
}

// parseDate reads the date of a header (RFC 5322 §3.3). What cannot be read is no date.
func parseDate(s string) time.Time {
	const layout = "Mon, 2 Jan 2006 15:04:05 -0700"
	// mail.ParseDate tries many layouts, and each that does not fit costs allocations:
	// the usual ones come first.
	usual := withoutZone(s)
	if at := strings.IndexByte(layout, ',') + 2; len(usual) > at {
		form := layout
		if usual[at-2] != ',' {
			form = layout[at:]
		}
		if t, err := time.Parse(form, usual); err == nil {
			return t
		}
	}
	if len(s) > response.MaxDate {
		return time.Time{}
	}
	t, err := mail.ParseDate(s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// withoutZone takes a comment with letters alone, such as "(PDT)", off the end of a date.
func withoutZone(s string) string {
	date, comment, _ := strings.Cut(s, " (")
	if strings.Trim(comment, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != ")" {
		return s
	}
	return date
}

// text reads a string whose encoded words are decoded (RFC 2047).
func (r *Reader) text() (string, bool) {
	s, ok := r.nstring()
	if !ok || !strings.Contains(s, "=?") || len(s) > response.MaxWords {
		return s, ok
	}
	if decoded, err := r.words.DecodeHeader(s); err == nil {
		return decoded, true
	}
	return s, true
}

// addresses reads NIL or a list of addresses, which have no blanks between them.
func (r *Reader) addresses(list *[]imap.Address) bool {
	if r.null() {
		return true
	}
	if !r.enter() {
		return false
	}
	for r.peek() != ')' {
		a, ok := r.address()
		if !ok {
			return false
		}
		*list = append(*list, a)
	}
	return r.leave()
}

// address reads an address, whose route (RFC 9051 §7.5.2: source route) nothing uses.
func (r *Reader) address() (a imap.Address, ok bool) {
	if !r.enter() {
		return a, false
	}
	if a.Name, ok = r.text(); !ok || !r.is(' ') {
		return a, false
	}
	if _, ok = r.nstring(); !ok || !r.is(' ') {
		return a, false
	}
	if a.Mailbox, ok = r.nstring(); !ok || !r.is(' ') {
		return a, false
	}
	a.Host, ok = r.nstring()
	return a, ok && r.leave()
}

// ids reads In-Reply-To and Message-ID. As much is kept as can be read.
func (r *Reader) ids(e *imap.Envelope) bool {
	inReplyTo, ok := r.nstring()
	if !ok || !r.is(' ') {
		return false
	}
	messageID, ok := r.nstring()
	for len(inReplyTo) > 0 {
		id, rest, ok := cutID(inReplyTo)
		if !ok {
			break
		}
		e.InReplyTo = append(e.InReplyTo, id)
		inReplyTo = rest
	}
	e.MessageID, _, _ = cutID(messageID)
	return ok
}

// cutID takes a message identifier off a field, without its angle brackets
// (RFC 5322 §3.6.4).
func cutID(s string) (id, rest string, ok bool) {
	s, ok = skipComments(s)
	if !ok || len(s) == 0 || s[0] != '<' {
		return "", "", false
	}
	left, after, _ := strings.Cut(s[1:], "@")
	end := strings.IndexByte(after, '>')
	if strings.HasPrefix(after, "[") {
		end = strings.IndexByte(after, ']') + 1
	}
	if end <= 0 || end == len(after) || after[end] != '>' || !isDotAtom(left) || !isDomain(after[:end]) {
		return "", "", false
	}
	rest, ok = skipComments(after[end+1:])
	return s[1 : len(left)+2+end], rest, ok
}

// skipComments passes over blanks and comments. A comment that does not end is an error.
func skipComments(s string) (rest string, ok bool) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == '\\' && depth > 0:
			i++
		case depth == 0 && c != ' ' && c != '\t':
			return s[i:], true
		}
	}
	return "", depth == 0
}

// isDomain reports whether s is what follows the "@" of a message identifier.
func isDomain(s string) bool {
	if inside, ok := strings.CutPrefix(s, "["); ok {
		inside, ok = strings.CutSuffix(inside, "]")
		return ok && !strings.ContainsAny(inside, `[]\`) && visible(inside)
	}
	return isDotAtom(s)
}

func isDotAtom(s string) bool {
	return s != "" && !strings.ContainsAny(s, `()[];@\,<>":`) && visible(s)
}

// visible reports whether s has no blanks and no controls.
func visible(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '\uFFFD' }) < 0
}
