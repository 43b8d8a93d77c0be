package mend

import (
	"bytes"
	"errors"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// shape is what a node of the tree is.
type shape uint8

const (
	null shape = iota // NIL, or nothing
	atom
	str
	list
)

// node is a value in a response. The zero node is NIL.
type node struct {
	shape shape
	text  []byte // of an atom, or the content of a string
	list  []node
	raw   []byte // as it was written
}

func (n node) isText() bool { return n.shape == atom || n.shape == str }

// at returns a member of a list, and NIL after the last.
func (n node) at(i int) node {
	if i < len(n.list) {
		return n.list[i]
	}
	return node{}
}

// Why a value cannot be read.
var (
	errOpen    = errors.New("a string or a list does not end")
	errQuotes  = errors.New("quotes inside of a string")
	errDepth   = errors.New("too many lists in lists")
	errLiteral = errors.New("not a literal")
	errLength  = errors.New("a literal of another length than was announced")
	errMissing = errors.New("a value is missing")
	errWords   = errors.New("too many words")
)

// parser reads values.
type parser struct {
	limits response.Limits
	b      []byte
	i      int
	depth  int
	words  int
	odd    bool // blanks are not where they should be
	broken bool // a quoted string goes over the end of a line
}

// blanks passes over blanks, tabs and ends of lines, and returns them.
func (p *parser) blanks() []byte {
	start := p.i
	for p.i < len(p.b) && isBlank(p.b[p.i]) {
		p.i++
	}
	return p.b[start:p.i]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// value reads a value, whose first character is not a blank.
func (p *parser) value() (node, error) {
	if p.words++; p.words > p.limits.Words()/2 { // a node takes more room than a word of the client
		return node{}, errWords
	}
	start := p.i
	n, err := p.any()
	n.raw = p.b[start:p.i]
	return n, err
}

func (p *parser) any() (node, error) {
	if p.i == len(p.b) {
		return node{}, errMissing
	}
	switch c := p.b[p.i]; {
	case c == '(':
		return p.members()
	case c == '"':
		return p.quoted()
	case c == '{', c == '~' && p.i+1 < len(p.b) && p.b[p.i+1] == '{':
		return p.literal()
	}
	start := p.i
	for p.i < len(p.b) && !isBlank(p.b[p.i]) && p.b[p.i] != '(' && p.b[p.i] != ')' && p.b[p.i] != '"' {
		p.i++
	}
	word := p.b[start:p.i]
	switch {
	case len(word) == 0:
		return node{}, errMissing
	case p.i < len(p.b) && p.b[p.i] == '"':
		return node{}, errQuotes
	case bytes.EqualFold(word, []byte("NIL")):
		return node{}, nil
	}
	return node{shape: atom, text: word}, nil
}

// members reads a list.
func (p *parser) members() (node, error) {
	p.i++
	if p.depth++; p.depth > p.limits.Depth {
		return node{}, errDepth
	}
	n := node{shape: list}
	for {
		more, err := p.next(len(n.list) == 0)
		if err != nil {
			return n, err
		}
		if !more {
			p.depth--
			return n, nil
		}
		v, err := p.value()
		if err != nil {
			return n, err
		}
		n.list = append(n.list, v)
	}
}

// next goes to the next member of a list, or after its end. Servers write blanks
// where there should be none, and none beside a parenthesis.
func (p *parser) next(first bool) (more bool, err error) {
	start := p.i
	blanks := string(p.blanks())
	if p.i == len(p.b) {
		return false, errOpen
	}
	end := p.b[p.i] == ')'
	switch {
	case first || end:
		p.odd = p.odd || blanks != ""
	case blanks != "":
		p.odd = p.odd || blanks != " "
	case p.b[p.i] == '(':
	case p.b[start-1] == ')':
		p.odd = true
	default:
		return false, errQuotes
	}
	if end {
		p.i++
	}
	return !end, nil
}

// quoted reads a quoted string. The end of a line in it is that of a folded header
// field, and is taken out.
func (p *parser) quoted() (node, error) {
	n := node{shape: str}
	var text []byte
	for p.i++; p.i < len(p.b); p.i++ {
		switch c := p.b[p.i]; c {
		case '"':
			p.i++
			if p.i < len(p.b) && !isBlank(p.b[p.i]) && p.b[p.i] != ')' && p.b[p.i] != '(' {
				return n, errQuotes
			}
			n.text = text
			return n, nil
		case '\\':
			if p.i++; p.i == len(p.b) {
				return n, errOpen
			}
			text = append(text, p.b[p.i])
		case '\r', '\n':
			p.broken = true
		default:
			text = append(text, c)
		}
	}
	return n, errOpen
}

// literal reads a literal, whose content is in the buffer.
func (p *parser) literal() (node, error) {
	if p.b[p.i] == '~' {
		p.i++
	}
	end := bytes.IndexByte(p.b[p.i:], '\n')
	if end < 0 {
		return node{}, errLiteral
	}
	size, ok := response.LiteralSize(p.b[p.i : p.i+end+1])
	start := p.i + end + 1
	if !ok || size > int64(len(p.b)-start) {
		return node{}, errLiteral
	}
	p.i = start + int(size)
	if p.i < len(p.b) && !isBlank(p.b[p.i]) && p.b[p.i] != ')' {
		return node{}, errLength
	}
	return node{shape: str, text: p.b[start:p.i]}, nil
}
