package imapconn

import (
	"bytes"
)

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
	case "SELECT", "EXAMINE", "CLOSE", "UNSELECT", "UNAUTHENTICATE":
		p.epoch++
	}
	c.sasl = c.name == "AUTHENTICATE"
	p.list = append(p.list, c)
	p.open = c
}

// conversing returns the command whose lines are not commands: an IDLE that runs, or
// an AUTHENTICATE.
func (p *pending) conversing() *command {
	return p.first(func(c *command) bool { return c.idling || c.sasl && !c.waits })
}

// idles reports whether an IDLE is under way, during which the client can send nothing
// else.
func (p *pending) idles() bool {
	return p.first(func(c *command) bool { return c.name == "IDLE" && (c.waits || c.idling) }) != nil
}

// idling reports whether an IDLE is open.
func (p *pending) idling() bool {
	return p.first(func(c *command) bool { return c.idling }) != nil
}

// none reports whether no command is pending.
func (p *pending) none() bool { return len(p.list) == 0 && p.open == nil }

// halfSent reports whether what the client writes next belongs to a command that it has
// begun.
func (p *pending) halfSent() bool {
	return p.open != nil || len(p.line) > 0 || p.literal > 0 || p.conversing() != nil
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

// find returns the command with a tag, and nil if there is none.
func (p *pending) find(tag []byte) *command {
	n, ok := tagNumber(tag, "T")
	own := !ok
	if own {
		n, ok = tagNumber(tag, "M")
	}
	return p.first(func(c *command) bool { return ok && c.tag == n && (c.own != nil) == own })
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
	return p.first(func(c *command) bool { return c.waits })
}

// due returns the oldest command that the server has to answer, and nil if there is
// none. It does not have to while an IDLE runs, or while this side is writing.
func (p *pending) due() *command { return p.dueBut(nil) }

// dueBut is due for all commands but one.
func (p *pending) dueBut(but *command) *command {
	return p.first(func(c *command) bool { return c != but && !c.idling && (c != p.open && !c.writing || c.waits) })
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
	var n uint32
	c = p.first(func(c *command) bool {
		if n = number; c.byUID {
			n = uid
		}
		return (c.name == "FETCH" || c.name == "STORE") && n > 0 && c.wanted.contains(n) && !c.got.contains(n)
	})
	if c == nil {
		return nil, 0
	}
	return c, c.got.add(n)
}
