package fetch

import (
	"bytes"
	"io"
)

// Content is a section of a message. It is read from what has come, and from pieces that
// are asked for while it is read.
type Content struct {
	of      *Loop
	uid     uint32
	size    int64 // of the message
	section section
	Missing bool
	data    []byte // not read yet
	offset  int64  // behind data
	short   bool   // the last piece had less than was asked for
	done    bool   // nothing is left of it
	window  *window
	err     error
}

// first takes the piece that has come with the message.
func (c *Content) first(piece []byte) {
	asked := c.section.left(0, c.of.piece)
	c.data = bytes.Clone(piece[:min(int64(len(piece)), asked)])
	c.advance(int64(len(c.data)), asked)
}

// ended reports whether all has come. A piece that is shorter than was asked for is the
// last, unless it ends ahead of the message's size: the server may give less at once.
func (c *Content) ended() bool {
	lacks := c.section.spec == "" && !c.of.inexact && c.offset < c.expected()
	return c.done || c.short && !lacks
}

// whole takes all of a section, from a server that sends no parts.
func (c *Content) whole(section []byte) {
	section = section[min(c.section.from, int64(len(section))):]
	c.data = bytes.Clone(section[:c.section.left(0, int64(len(section)))])
	c.done = true
}

// Read reads the content.
func (c *Content) Read(p []byte) (int, error) {
	for c.err == nil && len(c.data) == 0 && !c.ended() {
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

// more takes the next piece, and asks for as many more as there is room for.
func (c *Content) more() error {
	if c.window == nil {
		c.window = c.of.newWindow(c)
	}
	c.window.release()
	if err := c.window.ask(); err != nil {
		return c.of.Ended(err)
	}
	p, err := c.window.take()
	if p == nil {
		return err
	}
	c.data = p.room[:p.n]
	c.advance(p.n, p.length)
	return nil
}
