// Package pop3 speaks POP3 one command at a time: status lines, multi-line
// answers, capabilities (RFC 1939, RFC 2449).
package pop3

import (
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Reply is a status line.
type Reply struct {
	OK   bool   // +OK; false is -ERR
	Text string // behind the indicator
}

// String returns the reply as the server sent it, but for the indicator's case.
func (r Reply) String() string {
	indicator := "-ERR"
	if r.OK {
		indicator = "+OK"
	}
	return strings.TrimRight(indicator+" "+r.Text, " ")
}

// Code returns the response code of a -ERR in upper case, "" without one
// (RFC 2449 §8).
func (r Reply) Code() string {
	inside, _, ok := strings.Cut(strings.TrimPrefix(r.Text, "["), "]")
	if r.OK || !ok || !strings.HasPrefix(r.Text, "[") {
		return ""
	}
	return wire.Upper(inside)
}

// Parse reads a status line: the indicator in any case, then a blank or the
// end. Everything else is malformed.
func Parse(line string) (Reply, error) {
	indicator, text, _ := strings.Cut(line, " ")
	switch wire.Upper(indicator) {
	case "+OK":
		return Reply{OK: true, Text: text}, nil
	case "-ERR":
		return Reply{Text: text}, nil
	}
	return Reply{}, wire.Violation(policy.ErrMalformed, line)
}

// Read reads one status line.
func Read(l *wire.Lines) (Reply, error) {
	line, err := l.ReadLine()
	if err != nil {
		return Reply{}, err
	}
	return Parse(line)
}

// Greeting reads the server's greeting, which must be +OK. -ERR is a violation
// with reason ErrRefused.
func Greeting(l *wire.Lines) (Reply, error) {
	r, err := Read(l)
	switch {
	case err != nil:
		return r, err
	case !r.OK:
		return r, wire.Violation(policy.ErrRefused, r.String())
	}
	return r, l.Quiet()
}

// Command sends a command and reads its status line. A reply that was there
// before the command is a violation with reason ErrInjected.
func Command(l *wire.Lines, command string) (Reply, error) {
	if err := l.Quiet(); err != nil {
		return Reply{}, err
	}
	if err := l.Send(command); err != nil {
		return Reply{}, err
	}
	return Read(l)
}

// Capa asks for the capabilities. The list is nil if the server does not know
// the command, which is not an error (RFC 2449 §5); the reply tells.
func Capa(l *wire.Lines) ([]string, Reply, error) {
	r, err := Command(l, "CAPA")
	if err != nil || !r.OK {
		return nil, r, err
	}
	list := []string{}
	for {
		line, err := l.ReadLine()
		if err != nil {
			return nil, r, err
		}
		if line == "." {
			return list, r, nil
		}
		list = append(list, Normal(strings.TrimPrefix(line, ".")))
	}
}

// Normal puts a capability's tag in upper case and one blank between words.
func Normal(line string) string {
	words := wire.Words(line)
	if len(words) > 0 {
		words[0] = wire.Upper(words[0])
	}
	return strings.Join(words, " ")
}
