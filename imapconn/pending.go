package imapconn

import (
	"bytes"
	"strconv"
)

// command is one that go-imap's client has begun to send and that the server has not
// answered.
type command struct {
	tag  uint64 // without its "T"
	name string // in upper case, without UID
	// What a FETCH or a STORE is about, and what it was given: the client looks for
	// the command that a FETCH response belongs to in this way.
	byUID       bool
	wanted, got messageSet

	waits  bool // for a continuation request
	idling bool // an IDLE that the server has begun
	sasl   bool // an AUTHENTICATE, whose lines are answers to the server's challenges
	// lost is set if data that answers the command was left out.
	lost  error
	drain func()    // reads what the program has left unread; nil if there is nothing to read
	own   *exchange // the command is one of this package
	// writing and answered are of one of this package, as is consent, which is told
	// whether the server wants a literal.
	writing, answered bool
	consent           chan bool
}

// fetchesByUID reports whether the command is a UID FETCH.
func (c *command) fetchesByUID() bool { return c.name == "FETCH" && c.byUID }

// pending are the commands of go-imap's client, as they pass on their way to the
// server.
type pending struct {
	list    []*command // in the order in which they were sent
	open    *command   // the one that is half written
	line    []byte     // the line that is half written
	literal int64      // what is still to be written of a literal
	spare   *command   // to be used again

	tags  uint64 // how many commands of this package there were
	epoch int    // how often a mailbox was selected, or none

	// delivering is the command whose answer the client was given last, and may wait
	// for the program to read.
	delivering *command

	// refusing is a command whose literal the server has refused. What the client still
	// writes of it is not sent; owed is what the client gets for it next, and refusal
	// what it gets in the end.
	refusing *command
	refusal  []byte
	owed     []byte
}

// write notes what the client writes.
func (p *pending) write(b []byte) {
	for len(b) > 0 {
		if p.literal > 0 {
			n := min(p.literal, int64(len(b)))
			p.literal, b = p.literal-n, b[n:]
			continue
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			p.line = append(p.line, b...)
			p.begin(p.line)
			return
		}
		line := b[:i+1]
		if len(p.line) > 0 {
			p.line = append(p.line, line...)
			line = p.line
		}
		p.begin(line)
		p.end(line)
		p.line, b = p.line[:0], b[i+1:]
	}
}

// begin notes the command that a line begins, unless one is being written. The line
// may not be complete: of a long one it is enough that tag and name are there.
func (p *pending) begin(line []byte) {
	if p.open != nil || p.conversing() != nil {
		return
	}
	tag, rest, _ := bytes.Cut(line, []byte(" "))
	n, ok := tagNumber(tag, "T")
	if !ok {
		return
	}
	word, rest := cutWord(rest)
	c := p.spare
	if p.spare = nil; c == nil {
		c = &command{}
	}
	*c = command{tag: n, wanted: c.wanted[:0], got: c.got[:0]}
	if c.byUID = string(word) == "UID"; c.byUID {
		word, _ = cutWord(rest)
	}
	c.name = commandName(word)
	switch c.name {
	case "SELECT", "EXAMINE", "CLOSE", "UNSELECT":
		p.epoch++
	}
	c.sasl = c.name == "AUTHENTICATE"
	p.list = append(p.list, c)
	p.open = c
}

func cutWord(b []byte) (word, rest []byte) {
	word, rest, _ = bytes.Cut(bytes.TrimRight(b, "\r\n"), []byte(" "))
	return word, rest
}

// tagNumber returns the number of a tag: the client's begin with "T", this package's
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

// conversing returns the command whose lines are not commands: an IDLE that runs, or
// an AUTHENTICATE.
func (p *pending) conversing() *command {
	for _, c := range p.list {
		if c.idling || c.sasl && !c.waits {
			return c
		}
	}
	return nil
}

// idles reports whether an IDLE is under way, during which the client can send nothing
// else.
func (p *pending) idles() bool {
	return p.first(func(c *command) bool { return c.name == "IDLE" && (c.waits || c.idling) }) != nil
}

// end notes the end of a line.
func (p *pending) end(line []byte) {
	c := p.open
	if c == nil {
		if c = p.conversing(); c != nil {
			c.idling, c.waits = false, c.sasl // DONE, or an answer to a challenge
		}
		return
	}
	if (c.name == "FETCH" || c.name == "STORE") && len(c.wanted) == 0 {
		c.wanted = appendMessageSet(c.wanted, setOf(line, c.byUID))
	}
	size, sync, isLiteral := clientLiteral(line)
	if isLiteral {
		p.literal, c.waits = size, sync
		return
	}
	c.waits = c.name == "IDLE" || c.sasl
	p.open = nil
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

// find returns the command with a tag, and nil if there is none.
func (p *pending) find(tag []byte) *command {
	n, ok := tagNumber(tag, "T")
	own := !ok
	if own {
		n, ok = tagNumber(tag, "M")
	}
	for _, c := range p.list {
		if ok && c.tag == n && (c.own != nil) == own {
			return c
		}
	}
	return nil
}

// remove takes out a command that was answered.
func (p *pending) remove(c *command) {
	for i := range p.list {
		if p.list[i] == c {
			copy(p.list[i:], p.list[i+1:])
			p.list[len(p.list)-1] = nil
			p.list = p.list[:len(p.list)-1]
			break
		}
	}
	switch {
	case p.open == c:
		p.open = &command{} // what is still written of it belongs to none
	case c.own == nil:
		p.spare = c
	}
}

// waiting returns the command that a continuation request is for, and nil if there is
// none.
func (p *pending) waiting() *command {
	for _, c := range p.list {
		if c.waits {
			return c
		}
	}
	return nil
}

// due returns the oldest command that the server has to answer, and nil if there is
// none. It does not have to while an IDLE runs, or while this side is writing.
func (p *pending) due() *command { return p.dueBut(nil) }

// dueBut is due for all commands but one.
func (p *pending) dueBut(but *command) *command {
	for _, c := range p.list {
		if c != but && !c.idling && (c != p.open && !c.writing || c.waits) {
			return c
		}
	}
	return nil
}

// first returns the oldest command for which is holds.
func (p *pending) first(is func(*command) bool) *command {
	for _, c := range p.list {
		if is(c) {
			return c
		}
	}
	return nil
}

// claim returns the command that go-imap's client gives a FETCH response to, and nil if
// it gives it to the program's handler. uid is 0 if the client does not see it in time.
func (p *pending) claim(number, uid uint32) (c *command, moved int) {
	for _, c := range p.list {
		n := number
		if c.byUID {
			n = uid
		}
		if (c.name == "FETCH" || c.name == "STORE") && n > 0 && c.wanted.contains(n) && !c.got.contains(n) {
			return c, c.got.add(n)
		}
	}
	return nil, 0
}
