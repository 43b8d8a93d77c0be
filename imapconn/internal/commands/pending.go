package commands

import (
	"bytes"

	"github.com/mailconn/mailconn/imapconn/internal/numset"
)

// Pending are the commands of go-imap's client, as they pass on their way to the
// server.
type Pending struct {
	List    []*Command // in the order in which they were sent
	Open    *Command   // the one that is half written
	line    []byte     // the line that is half written
	literal int64      // what is still to be written of a literal
	spare   *Command   // to be used again

	Tags  uint64 // how many commands of this package there were
	Epoch int    // how often a mailbox was selected, or none

	// Delivering is the command whose answer the client was given last, and may wait
	// for the program to read.
	Delivering *Command

	Refused *Refused // nil: none
}

// Refused is a command whose literal the server has refused. What the client still writes
// of it is not sent.
type Refused struct {
	*Command
	Owed    []byte // what the client gets for it next
	Refusal []byte // what it gets in the end
}

// Write notes what the client writes.
func (p *Pending) Write(b []byte) {
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
func (p *Pending) begin(line []byte) {
	if p.Open != nil || p.conversing() != nil {
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
		c = &Command{}
	}
	*c = Command{Tag: n, Wanted: c.Wanted[:0], Got: c.Got[:0]}
	if c.ByUID = string(word) == "UID"; c.ByUID {
		word, _ = cutWord(rest)
	}
	c.Name = commandName(word)
	switch c.Name {
	case "SELECT", "EXAMINE", "CLOSE", "UNSELECT", "UNAUTHENTICATE":
		p.Epoch++
	}
	c.SASL = c.Name == "AUTHENTICATE"
	p.List = append(p.List, c)
	p.Open = c
}

// conversing returns the command whose lines are not commands: an IDLE that runs, or
// an AUTHENTICATE.
func (p *Pending) conversing() *Command {
	return p.First(func(c *Command) bool { return c.Idling || c.SASL && !c.Waits })
}

// Idles reports whether an IDLE is under way, during which the client can send nothing
// else.
func (p *Pending) Idles() bool {
	return p.First(func(c *Command) bool { return c.Name == "IDLE" && (c.Waits || c.Idling) }) != nil
}

// Idling reports whether an IDLE is open.
func (p *Pending) Idling() bool {
	return p.First(func(c *Command) bool { return c.Idling }) != nil
}

// EndsNoIdle reports whether b, which the client is about to write, is the end of an IDLE
// that the server has ended by itself. The server would take it for a command.
func (p *Pending) EndsNoIdle(b []byte) bool { return string(b) == "DONE\r\n" && !p.HalfSent() }

// None reports whether no command is pending.
func (p *Pending) None() bool { return len(p.List) == 0 && p.Open == nil }

// HalfSent reports whether what the client writes next belongs to a command that it has
// begun.
func (p *Pending) HalfSent() bool {
	return p.Open != nil || len(p.line) > 0 || p.literal > 0 || p.conversing() != nil
}

// end notes the end of a line.
func (p *Pending) end(line []byte) {
	c := p.Open
	if c == nil {
		if c = p.conversing(); c != nil {
			c.Idling, c.Waits = false, c.SASL // DONE, or an answer to a challenge
		}
		return
	}
	if (c.Name == "FETCH" || c.Name == "STORE") && len(c.Wanted) == 0 {
		c.Wanted = numset.Append(c.Wanted, setOf(line, c.ByUID))
	}
	size, sync, isLiteral := clientLiteral(line)
	if isLiteral {
		p.literal, c.Waits = size, sync
		return
	}
	c.Waits = c.Name == "IDLE" || c.SASL
	p.Open = nil
}

// Find returns the command with a tag, and nil if there is none.
func (p *Pending) Find(tag []byte) *Command {
	n, ok := tagNumber(tag, "T")
	own := !ok
	if own {
		n, ok = tagNumber(tag, "M")
	}
	return p.First(func(c *Command) bool { return ok && c.Tag == n && (c.Own != nil) == own })
}

// Remove takes out a command that was answered.
func (p *Pending) Remove(c *Command) {
	for i := range p.List {
		if p.List[i] == c {
			copy(p.List[i:], p.List[i+1:])
			p.List[len(p.List)-1] = nil
			p.List = p.List[:len(p.List)-1]
			break
		}
	}
	switch {
	case p.Open == c:
		p.Open = &Command{} // what is still written of it belongs to none
	case c.Own == nil:
		p.spare = c
	}
}

// Waiting returns the command that a continuation request is for, and nil if there is
// none.
func (p *Pending) Waiting() *Command {
	return p.First(func(c *Command) bool { return c.Waits })
}

// Due returns the oldest command that the server has to answer, and nil if there is
// none. It does not have to while an IDLE runs, or while this side is writing.
func (p *Pending) Due() *Command { return p.DueBut(nil) }

// DueBut is due for all commands but one.
func (p *Pending) DueBut(but *Command) *Command {
	return p.First(func(c *Command) bool { return c != but && !c.Idling && (c != p.Open && !c.Writing || c.Waits) })
}

// First returns the oldest command for which is holds.
func (p *Pending) First(is func(*Command) bool) *Command {
	for _, c := range p.List {
		if is(c) {
			return c
		}
	}
	return nil
}

// Claim returns the command that go-imap's client gives a FETCH response to, and nil if
// it gives it to the program's handler, as it does with what an Exchange has not taken.
// uid is 0 if the client does not see it in time.
func (p *Pending) Claim(number, uid uint32) (c *Command, moved int) {
	var n uint32
	c = p.First(func(c *Command) bool {
		if n = number; c.ByUID {
			n = uid
		}
		return c.Own == nil && (c.Name == "FETCH" || c.Name == "STORE") && n > 0 && c.Wanted.Contains(n) && !c.Got.Contains(n)
	})
	if c == nil {
		return nil, 0
	}
	return c, c.Got.Add(n)
}
