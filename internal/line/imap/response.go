// Package imap speaks IMAP one line at a time, as far as it is needed
// before a session begins: the greeting, capabilities, tagged commands
// (RFC 9051, RFC 3501). It understands no mailbox data.
package imap

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// A Response is one line from the server, taken apart.
type Response struct {
	Tag    string // "*" untagged, "+" continuation, else a command's tag
	Status string // OK, NO, BAD, PREAUTH or BYE; "" for other data
	Code   string // the response code's name in upper case, "" without one
	Args   string // the response code's arguments
	Text   string // the text after status and code; for "+" and data the rest of the line
	Line   string // the line without its tag
}

// Parse takes a line apart. It never fails: a line it does not understand has
// no Status.
func Parse(text string) Response {
	tag, rest, _ := strings.Cut(text, " ")
	r := Response{Tag: tag, Line: rest, Text: rest}
	if tag == "+" {
		return r
	}
	word, text, _ := strings.Cut(rest, " ")
	switch status := wire.Upper(word); status {
	case "OK", "NO", "BAD", "PREAUTH", "BYE":
		r.Status, r.Text = status, text
	default:
		return r
	}
	if inside, after, ok := strings.Cut(strings.TrimPrefix(text, "["), "]"); ok && strings.HasPrefix(text, "[") {
		name, args, _ := strings.Cut(inside, " ")
		r.Code, r.Args, r.Text = wire.Upper(name), args, strings.TrimPrefix(after, " ")
	}
	return r
}

// Transient reports whether the response has a code that says that a refusal will pass:
// UNAVAILABLE, INUSE and LIMIT (RFC 5530 §3).
func (r Response) Transient() bool {
	return r.Code == "UNAVAILABLE" || r.Code == "INUSE" || r.Code == "LIMIT"
}

// Words returns the response as the server's words.
func (r Response) Words() line.Reply {
	coded := r.Code != "" && r.Code != "ALERT"
	return line.Reply{Text: r.Line, Transient: r.Transient() || !coded && line.Passes(r.Text)}
}

// Capabilities returns the list that the response carries, as a response code
// or as untagged data. Without one, or with a malformed one, it returns nil.
func (r Response) Capabilities() []string {
	var caps []string
	switch {
	case r.Code == "CAPABILITY":
		caps, _ = ParseCapabilities(r.Args)
	case r.Tag == "*" && r.Status == "" && isCapability(r.Line):
		caps, _ = ParseCapabilities(r.Line[len("CAPABILITY"):])
	}
	return caps
}

func isCapability(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	return wire.Upper(word) == "CAPABILITY"
}

// ParseCapabilities returns the atoms of a capability list in upper case. A
// word that is not an atom makes the whole list malformed: such a list must
// not decide anything.
func ParseCapabilities(list string) ([]string, error) {
	caps := strings.FieldsFunc(list, func(r rune) bool { return r == ' ' })
	for i, c := range caps {
		caps[i] = wire.Upper(c)
		if !isAtom(c) {
			v := wire.Violation(policy.ErrMalformed, "CAPABILITY "+list)
			v.Err = errNoAtom
			return nil, v
		}
	}
	return caps, nil
}

var errNoAtom = errors.New("a capability is no atom")

// isAtom reports whether s is an atom (RFC 9051 §9).
func isAtom(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`(){%*"\]`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// literal returns the length of the literal that the line announces at its
// end, -1 if it announces none.
func literal(line string) (int64, error) {
	open := strings.LastIndexByte(line, '{')
	if open < 0 || !strings.HasSuffix(line, "}") {
		return -1, nil
	}
	digits := strings.TrimSuffix(line[open+1:len(line)-1], "+")
	n, err := strconv.ParseUint(digits, 10, 63)
	switch {
	case err == nil:
		return int64(n), nil
	case digits == "" || strings.Trim(digits, "0123456789") != "":
		return 0, wire.Violation(policy.ErrMalformed, line)
	}
	return 0, wire.Violation(policy.ErrLimit, line)
}

// MessageLimit returns for how many messages a command is carried out (RFC 9738 §3).
func MessageLimit(caps []string) int64 {
	if n, ok := Limit(caps, "MESSAGELIMIT"); ok && n > 0 {
		return n
	}
	return math.MaxInt64
}

// Limit returns the number of a capability NAME=number in a list.
func Limit(caps []string, name string) (n int64, ok bool) {
	for _, keyword := range caps {
		if digits, found := strings.CutPrefix(keyword, name+"="); found {
			n, err := strconv.ParseInt(digits, 10, 64)
			return n, err == nil && n >= 0
		}
	}
	return 0, false
}
