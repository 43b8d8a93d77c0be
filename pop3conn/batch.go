package pop3conn

import (
	"context"
	"slices"
	"time"

	"github.com/mailconn/mailconn/internal/line/pop3"
)

// batch is a series of commands. If the server lists PIPELINING, commands are sent
// before the replies to those ahead of them have come (RFC 2449 §6.6); else there is
// one at a time.
type batch struct {
	c       *Client
	size    int
	command func(to []byte, i int) []byte // appends the command with index i
	unsent  map[int]error                 // commands that are not sent, and why
	single  bool                          // a +OK has no lines after it

	sent     int     // commands that are sent, or need not be
	answered int     // commands whose status line was read
	sender   *sender // nil if there is one command at a time
}

// window is how many commands may be under way. Together they have a few kilobytes,
// and where replies have a few kilobytes a thousand of them take five round trips.
const window = 256

// start begins a batch, as a call that finish ends.
func (c *Client) start(ctx context.Context, size int, command func(to []byte, i int) []byte) (*batch, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	b := &batch{c: c, size: size, command: command}
	if size > 1 {
		pipelining, err := c.pipelining()
		if err != nil {
			c.done()
			return nil, err
		}
		if pipelining {
			b.sender = newSender(c.conn)
		}
	}
	c.batch = b
	return b, nil
}

// pipelining reports whether commands may be sent ahead. A list from before the login
// that has PIPELINING will do: it came over the same connection, with the protection
// that this one has. One that has not is asked for again.
func (c *Client) pipelining() (bool, error) {
	if c.noPipelining {
		return false, nil
	}
	if !slices.Contains(c.capabilities, "PIPELINING") && c.isStale() {
		if err := c.askCapabilities(); err != nil {
			return false, err
		}
	}
	return slices.Contains(c.capabilities, "PIPELINING"), nil
}

// next reads the status line of the next command. The error is an [*Error], or why
// the command was not sent, and the batch goes on; or it has ended the session.
func (b *batch) next() error {
	r, err := b.reply()
	if err == nil && !r.OK {
		err = b.c.refused(r)
	}
	return err
}

// reply is next for a reply that may be a refusal.
func (b *batch) reply() (pop3.Reply, error) {
	if m := b.c.message; m != nil {
		m.skip(errOvertaken, maxSkipEach)
	}
	if err := b.c.Err(); err != nil {
		return pop3.Reply{}, err
	}
	if err := b.fill(); err != nil {
		return pop3.Reply{}, err
	}
	i := b.answered
	b.answered++
	if err := b.unsent[i]; err != nil {
		return pop3.Reply{}, err
	}
	b.c.sent = b.command(b.c.sent[:0], i)
	return b.c.reply()
}

// rows is next for a reply with lines, which it gives to row.
func (b *batch) rows(row func(line string)) error {
	if err := b.next(); err != nil {
		return err
	}
	return b.c.rows(row)
}

// fill sends as many commands as may be under way, once half of them were answered.
func (b *batch) fill() error {
	switch {
	case b.sender == nil:
		i := b.sent
		b.sent++
		if b.unsent[i] != nil {
			return nil
		}
		return b.c.send(b.command(b.c.sent[:0], i))
	case b.sent == b.size, b.sent-b.answered > window/2:
		return nil
	case b.sent == b.answered:
		if err := b.c.lines.Quiet(); err != nil {
			return b.c.fail(err)
		}
	}
	b.sender.send(func(to []byte) []byte {
		for ; b.sent < b.size && b.sent-b.answered < window; b.sent++ {
			if b.unsent[b.sent] == nil {
				to = b.command(to, b.sent)
			}
		}
		return to
	})
	return nil
}

// finish ends the batch. Replies that are still due are read past, up to maxSkipEach
// and in the time of one reply; if that is not enough the session ends.
func (b *batch) finish() {
	if b.c.over.Err() == nil {
		b.c.link.hold()
		b.skip()
		b.c.link.release()
	}
	if b.sender != nil {
		b.stop()
	}
	b.c.batch = nil
	b.c.done()
	b.c.lines.Shrink()
}

// skip reads past the replies that are due.
func (b *batch) skip() {
	left := maxSkipEach
	if m := b.c.message; m != nil {
		past, _ := m.skip(errOvertaken, left)
		left -= past
	}
	for ; b.answered < b.sent && b.c.over.Err() == nil; b.answered++ {
		if b.unsent[b.answered] != nil {
			continue
		}
		b.c.sent = b.command(b.c.sent[:0], b.answered)
		text, err := b.c.status()
		left -= len(text)
		if err == nil && !b.single {
			var m Message
			b.c.open(&m)
			past, _ := m.skip(errOvertaken, left)
			left -= past
		}
	}
}

// stop ends the sender, and looks for a reply too many. A server that has answered
// what it did not take yet has the time of a reply for taking it.
func (b *batch) stop() {
	if limit := b.c.link.limit; limit > 0 {
		b.c.conn.SetWriteDeadline(time.Now().Add(limit))
		defer b.c.conn.SetWriteDeadline(time.Time{})
	}
	b.sender.stop()
	if b.c.over.Err() == nil {
		if err := b.c.lines.Quiet(); err != nil {
			b.c.fail(err)
		}
	}
}
