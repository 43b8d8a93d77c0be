package imapconn

import (
	"bytes"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// content is a section of a message. It is read from what has come, and from pieces that
// are asked for while it is read.
type content struct {
	of      *fetcher
	uid     uint32
	size    int64 // of the message
	section section
	missing bool
	data    []byte // not read yet
	buf     []byte // which data is in
	spare   []byte // for the next window
	offset  int64  // how much has come
	short   bool   // the last piece had less than was asked for
	done    bool   // nothing is left of it
	ahead   *window
	err     error
}

// first takes the piece that has come with the message.
func (c *content) first(piece []byte) {
	asked := c.section.left(0, c.of.piece)
	c.data = bytes.Clone(piece[:min(int64(len(piece)), asked)])
	c.advance(int64(len(c.data)), asked)
}

// advance notes that n bytes of a piece have come of those that were asked for.
func (c *content) advance(n, asked int64) {
	c.offset += n
	c.short = n < asked
	c.done = n == 0 || c.section.left(c.offset, 1) == 0
}

// ended reports whether all has come. A piece that is shorter than was asked for is the
// last, unless it ends ahead of the message's size: the server may give less at once.
func (c *content) ended() bool {
	lacks := c.section.spec == "" && !c.of.inexact && c.section.from+c.offset < c.size
	return c.done || c.short && !lacks
}

// whole takes all of a section, from a server that sends no parts.
func (c *content) whole(section []byte) {
	section = section[min(c.section.from, int64(len(section))):]
	c.data = bytes.Clone(section[:c.section.left(0, int64(len(section)))])
	c.done = true
}

// Read reads the content.
func (c *content) Read(p []byte) (int, error) {
	for len(c.data) == 0 && !c.ended() && c.err == nil {
		c.err = c.more()
	}
	switch {
	case len(c.data) > 0:
		n := copy(p, c.data)
		c.data = c.data[n:]
		return n, nil
	case c.err != nil:
		return 0, c.err
	}
	return 0, io.EOF
}

// more waits for the pieces that are under way, and asks for the next.
func (c *content) more() error {
	f := c.of
	if f.ahead != nil { // one exchange at a time
		if err := f.c.stream.awaitAnswers(f.ctx, &f.ahead.exchange); err != nil {
			return f.c.loopError(err)
		}
	}
	if c.ahead == nil {
		if err := c.begin(); err != nil {
			return f.c.loopError(err)
		}
	}
	w := c.ahead
	c.ahead = nil
	f.open = slices.DeleteFunc(f.open, func(other *window) bool { return other == w })
	if err := f.c.stream.awaitAnswers(f.ctx, &w.exchange); err != nil {
		return f.c.loopError(err)
	}
	if why := w.join(c); why != nil {
		return &MessageError{UID: imap.UID(c.uid), Err: why}
	}
	if c.ended() {
		return nil
	}
	if err := c.begin(); err != nil {
		return f.c.loopError(err)
	}
	return nil
}
