package commands

import (
	"bytes"
	"strconv"

	"github.com/mailconn/mailconn/imapconn/internal/numset"
)

// Command is one that go-imap's client, or an Exchange, has begun to send and that the
// server has not answered.
type Command struct {
	Tag  uint64 // without its letter
	Name string // in upper case, without UID
	// What a FETCH or a STORE is about, and what it was given: the client looks for
	// the command that a FETCH response belongs to in this way.
	ByUID       bool
	Wanted, Got numset.Set

	Waits  bool // for a continuation request
	Idling bool // an IDLE that the server has begun
	SASL   bool // an AUTHENTICATE, whose lines are answers to the server's challenges
	// Lost is set if data that answers the command was left out.
	Lost  error
	Drain func()    // reads what the program has left unread; nil if there is nothing to read
	Own   *Exchange // the command is one of an Exchange
	// Writing and Answer are of one of an Exchange, as is Consent, which is told whether
	// the server wants a literal.
	Writing bool
	Answer  *Answer
	Consent chan bool
}

// FetchesByUID reports whether the command is a UID FETCH.
func (c *Command) FetchesByUID() bool { return c.Name == "FETCH" && c.ByUID }

func cutWord(b []byte) (word, rest []byte) {
	word, rest, _ = bytes.Cut(bytes.TrimRight(b, "\r\n"), []byte(" "))
	return word, rest
}

// tagNumber returns the number of a tag: the client's begin with "T", those of an Exchange
// with "M".
func tagNumber(tag []byte, letter string) (n uint64, ok bool) {
	digits, ok := bytes.CutPrefix(tag, []byte(letter))
	if !ok || len(digits) == 0 || len(digits) > 19 || digits[0] == '0' {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// commandName returns a name without an allocation if it is a common one.
func commandName(word []byte) string {
	switch string(word) {
	case "FETCH":
		return "FETCH"
	case "STORE":
		return "STORE"
	case "NOOP":
		return "NOOP"
	case "SEARCH":
		return "SEARCH"
	case "IDLE":
		return "IDLE"
	case "SELECT":
		return "SELECT"
	case "APPEND":
		return "APPEND"
	}
	return string(word)
}

// setOf returns the set in the line of a FETCH or a STORE.
func setOf(line []byte, byUID bool) []byte {
	words := 2 // tag and name
	if byUID {
		words++
	}
	for range words {
		_, line = cutWord(line)
	}
	set, _ := cutWord(line)
	return set
}

// clientLiteral returns the length of the literal that a client's line announces, and
// whether it is sent only when the server asks for it (RFC 9051 §4.3).
func clientLiteral(line []byte) (size int64, sync, ok bool) {
	line = bytes.TrimRight(line, "\r\n")
	open := bytes.LastIndexByte(line, '{')
	if open < 0 || line[len(line)-1] != '}' {
		return 0, false, false
	}
	digits, more := bytes.CutSuffix(line[open+1:len(line)-1], []byte("+"))
	size, err := strconv.ParseInt(string(digits), 10, 64)
	return size, !more, err == nil && size >= 0
}
