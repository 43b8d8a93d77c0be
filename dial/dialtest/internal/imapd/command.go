package imapd

import (
	"fmt"
	"strconv"
	"strings"
)

// command is a command with its literals, as it is being parsed. What cannot be
// parsed sets err, and the rest comes out empty.
type command struct {
	verb     string
	uids     bool     // numbers are UIDs
	modSeq   bool     // a SEARCH is for modification sequences
	text     string   // what is left of the line, up to the next literal
	literals []string // the literals that follow
	rests    []string // what follows each of them
	err      error
}

// maxLiteral bounds what a client may send at once, in bytes.
const maxLiteral = 64 << 20

// literal returns the size of the literal that a line announces, and whether the
// client waits to be asked for it (RFC 7888).
func literal(line string) (n int, synchronizing, ok bool) {
	i := strings.LastIndexByte(line, '{')
	if i < 0 || !strings.HasSuffix(line, "}") {
		return 0, false, false
	}
	digits, plus := strings.CutSuffix(line[i+1:len(line)-1], "+")
	n, err := strconv.Atoi(digits)
	return n, !plus, err == nil && n >= 0
}

// command reads the literals of a command whose first line is given. APPEND
// reads its own, since it may refuse them.
func (s *Session) command(verb, line string) (*command, error) {
	_, text, _ := strings.Cut(line, " ")
	c := &command{verb: verb, text: text}
	for verb != "APPEND" {
		n, _, ok := literal(line)
		if !ok {
			break
		}
		var err error
		if line, err = s.literal(c, line, n); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// literal reads one literal of the command, and returns the line after it.
func (s *Session) literal(c *command, line string, n int) (string, error) {
	_, synchronizing, _ := literal(line)
	switch {
	case n > maxLiteral:
		return "", fmt.Errorf("%w: literal too large", errSyntax)
	case synchronizing:
		s.SayAnyway("+ go on")
		s.Flush()
	case !s.Has("LITERAL+"):
		return "", fmt.Errorf("%w: LITERAL+ is not offered", errSyntax)
	}
	b := make([]byte, n)
	if err := s.ReadFull(b); err != nil {
		return "", err
	}
	rest, err := s.Line()
	c.literals, c.rests = append(c.literals, string(b)), append(c.rests, rest)
	return rest, err
}

func (c *command) fail() {
	if c.err == nil {
		c.err = fmt.Errorf("%w: at %.40q", errSyntax, c.text)
	}
	c.text, c.literals = "", nil
}

// peek returns the next byte, 0 at the end.
func (c *command) peek() byte {
	if c.text == "" {
		return 0
	}
	return c.text[0]
}

// take takes a byte if it is the next one.
func (c *command) take(b byte) bool {
	if c.peek() != b {
		return false
	}
	c.text = c.text[1:]
	return true
}

// expect takes a byte that must be the next one.
func (c *command) expect(b byte) {
	if !c.take(b) {
		c.fail()
	}
}

func (c *command) space() { c.expect(' ') }

// end is where nothing may follow.
func (c *command) end() {
	if c.text != "" {
		c.fail()
	}
}

// word takes bytes up to one of those given.
func (c *command) word(until string) string {
	i := strings.IndexAny(c.text, until)
	if i < 0 {
		i = len(c.text)
	}
	if i == 0 {
		c.fail()
		return ""
	}
	word := c.text[:i]
	c.text = c.text[i:]
	return word
}

// atom takes an atom, or a flag.
func (c *command) atom() string { return c.word(" ()[]{\"") }

// astring takes an atom, a quoted string or a literal.
func (c *command) astring() string {
	switch c.peek() {
	case '"':
		return c.quoted()
	case '{':
		return c.takeLiteral()
	}
	return c.word(" (){\"")
}

func (c *command) quoted() string {
	var b strings.Builder
	for i := 1; i < len(c.text); i++ {
		switch ch := c.text[i]; {
		case ch == '"':
			c.text = c.text[i+1:]
			return b.String()
		case ch == '\\' && i+1 < len(c.text):
			i++
			b.WriteByte(c.text[i])
		default:
			b.WriteByte(ch)
		}
	}
	c.fail()
	return ""
}

func (c *command) takeLiteral() string {
	if len(c.literals) == 0 || strings.IndexByte(c.text, '}') != len(c.text)-1 {
		c.fail()
		return ""
	}
	text := c.literals[0]
	c.text = c.rests[0]
	c.literals, c.rests = c.literals[1:], c.rests[1:]
	return text
}

// number takes a number.
func (c *command) number() uint64 {
	n, err := strconv.ParseUint(c.word(" ()[]<>.,:"), 10, 63)
	if err != nil {
		c.fail()
	}
	return n
}

// list takes a list in parentheses, whose elements take reads.
func (c *command) list(take func()) {
	c.expect('(')
	for first := true; c.err == nil && !c.take(')'); first = false {
		if !first {
			c.space()
		}
		take()
	}
}
