package pop3conn

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// flight is a series of commands. Where the server lists PIPELINING some are
// sent ahead of the replies to those before them; elsewhere there is one at a
// time.
type flight struct {
	c     *Client
	plan  []request
	sent  int     // requests of the plan that are sent or need not be
	got   int     // requests whose status is known
	ahead *sender // nil for one at a time
}

// request is a command of a series, or what is wrong with it before any I/O.
type request struct {
	verb  string
	args  [2]int
	count int // of args
	err   error
}

func (r *request) append(b []byte) []byte { return appendCommand(b, r.verb, r.args[:r.count]...) }

// window is how many commands may be in flight. Together they have a few
// kilobytes, and for replies of a few kilobytes a thousand of them take five
// turns.
const window = 256

// ErrBusy is a command inside the loop over [Client.RetrEach] or
// [Client.TopEach]: replies to theirs may be on the way. Nothing is sent.
var ErrBusy = errors.New("pop3conn: inside a loop over messages no other command can be sent")

// ErrPipelined is held by errors that end a session while commands were sent
// ahead of replies. The network may be the cause, and so may a server that
// lists PIPELINING and cannot do it.
var ErrPipelined = errors.New("commands were sent ahead of replies (the server lists PIPELINING; Options.NoPipelining does without)")

// fly begins a series of commands, which land must end.
func (c *Client) fly(plan []request) (*flight, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	f := &flight{c: c, plan: plan}
	if len(plan) > 1 {
		pipelines, err := c.pipelines()
		if err != nil {
			return nil, err
		}
		if pipelines {
			f.ahead = newSender(c.conn)
		}
	}
	c.flight = f
	return f, nil
}

// pipelines reports whether commands may be sent ahead. A list from before the
// login that has PIPELINING will do: it came over the same connection, with the
// protection that this one has. One that has not is asked for again.
func (c *Client) pipelines() (bool, error) {
	listed := slices.Contains(c.caps, "PIPELINING")
	if c.lockstep || listed || c.fresh || c.caps == nil {
		return listed && !c.lockstep, nil
	}
	caps, err := c.Capabilities()
	return slices.Contains(caps, "PIPELINING"), err
}

// next reads the status of the next command of the plan: an *Error or what is
// wrong with the request itself, after which the series goes on, or one that
// ends the session.
func (f *flight) next() error {
	r := &f.plan[f.got]
	if err := f.clear(); err != nil {
		return err
	}
	if err := f.fill(); err != nil {
		return err
	}
	f.got++
	if r.err != nil {
		return r.err
	}
	f.c.command = r.append(f.c.command[:0])
	_, err := f.c.answer()
	return err
}

// clear reads past what is left of the message before.
func (f *flight) clear() error {
	if f.c.body != nil {
		if _, err := f.c.body.drop(errOvertaken, maxLeft); err != nil {
			return err
		}
	}
	return f.c.ended
}

// fill sends as much as may be sent, once half the window has been answered.
func (f *flight) fill() error {
	switch {
	case f.ahead == nil:
		return f.step()
	case f.sent == len(f.plan), f.sent-f.got > window/2:
		return nil
	case f.sent == f.got:
		if err := f.c.in.quiet(); err != nil {
			return f.c.fail(err)
		}
	}
	f.ahead.send(f.group)
	return nil
}

// group appends what there is room for in the window.
func (f *flight) group(b []byte) []byte {
	for ; f.sent < len(f.plan) && f.sent-f.got < window; f.sent++ {
		if r := &f.plan[f.sent]; r.err == nil {
			b = r.append(b)
		}
	}
	return b
}

// step sends one command.
func (f *flight) step() error {
	r := &f.plan[f.sent]
	f.sent++
	if r.err != nil {
		return nil
	}
	return f.c.say(r.append(f.c.command[:0]))
}

// maxLeft is how much is read past to save the session when a message of a
// series is left unread, or a series before its end.
const maxLeft = 1 << 20

// land ends the series. Replies that are still due are read past, within
// maxLeft and the time of one reply; if that is not enough the session ends.
func (f *flight) land() {
	if f.c.ended == nil {
		f.c.in.hold(true)
		f.drain()
		f.c.in.hold(false)
	}
	if f.ahead != nil {
		f.stop()
	}
	if f.c.ended == nil && f.ahead != nil {
		if err := f.c.in.quiet(); err != nil {
			f.c.fail(err)
		}
	}
	f.c.flight = nil
}

// stop ends the sender. A server that has answered what it did not yet take
// has the time of a reply for taking it.
func (f *flight) stop() {
	if limit := f.c.in.limit; limit > 0 {
		f.c.conn.SetWriteDeadline(time.Now().Add(limit))
		defer f.c.conn.SetWriteDeadline(time.Time{})
	}
	f.ahead.stop()
}

func (f *flight) drain() {
	left := maxLeft
	if b := f.c.body; b != nil {
		past, _ := b.drop(errOvertaken, left)
		left -= past
	}
	for ; f.got < f.sent && f.c.ended == nil; f.got++ {
		if r := &f.plan[f.got]; r.err == nil {
			left -= f.skip(r, left)
		}
	}
}

// skip reads past the reply to a command and returns how long it was.
func (f *flight) skip(r *request, left int) int {
	f.c.command = r.append(f.c.command[:0])
	line, err := f.c.answer()
	if err != nil || r.verb == "DELE" {
		return len(line)
	}
	var b body
	f.c.open(&b)
	past, _ := b.drop(errOvertaken, left)
	return len(line) + past
}

// blame adds to the cause of a session's end what the caller can do about it,
// unless the caller ended it.
func (f *flight) blame(err error) error {
	if f.ahead == nil || f.sent-f.got == 0 && f.got < 2 || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	return fmt.Errorf("%w; %w", err, ErrPipelined)
}
