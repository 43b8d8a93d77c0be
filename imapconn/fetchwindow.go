package imapconn

import (
	"strconv"

	"github.com/mailconn/mailconn/internal/line/imap/message"
)

// window is an exchange that asks for the next pieces of a content.
type window struct {
	exchange
	of     *content
	pieces []piece
	buf    []byte // what has come, each piece in its place
}

// piece is a part of a content.
type piece struct {
	offset, length int64
	came, null     bool
	n              int64 // how much has come
	why            error // why it cannot be read
}

// windowSize is how many bytes of a content are asked for at once.
const windowSize = 1 << 20

// begin asks for the next pieces: for as many as the message's size leads to expect, and
// one at least, as servers are wrong about sizes.
func (c *content) begin() error {
	w := &window{of: c}
	var requests []request
	uids := messageSet{{c.uid, c.uid}}
	end := min(c.offset+windowSize, max(c.size, c.offset+c.of.piece))
	for at := c.offset; at < end && c.section.left(at, 1) > 0; {
		p := piece{offset: c.section.from + at, length: c.section.left(at, c.of.piece)}
		w.pieces = append(w.pieces, p)
		requests = append(requests, request{command: "FETCH", text: "UID FETCH " + strconv.FormatUint(uint64(c.uid), 10) + " (UID " + c.section.piece(p.offset, p.length) + ")", uids: uids})
		at += p.length
	}
	w.take, w.hold = w.add, int(c.of.piece)
	w.buf, c.spare = c.spare, nil
	if n := int(c.of.piece) * len(w.pieces); cap(w.buf) < n {
		w.buf = make([]byte, n)
	}
	if err := c.of.c.stream.begin(c.of.ctx, &w.exchange, requests, c.of.epoch); err != nil {
		return err
	}
	c.ahead = w
	c.of.open = append(c.of.open, w)
	return nil
}

// add takes a piece that has come.
func (w *window) add(f *message.Fetch, why error) {
	for _, s := range f.Sections {
		_, offset := match([]section{w.of.section}, s.Name)
		for i := range w.pieces {
			if p := &w.pieces[i]; p.offset == offset && !p.came {
				p.came, p.null, p.why, p.n = true, s.Content == nil, why, int64(len(s.Content))
				copy(w.buf[offset-w.pieces[0].offset:][:p.length], s.Content)
			}
		}
	}
}

// join gives the content its pieces, up to the first that has less than was asked for.
func (w *window) join(c *content) error {
	begin := c.offset
	for i, p := range w.pieces {
		switch refused := w.answers[i].refused; {
		case p.why != nil:
			return p.why
		case refused != nil && refused.Code != codeExpungeIssued:
			return refused
		case i == 0 && c.short && p.n == 0 && w.answers[0].code != string(codeExpungeIssued):
			c.of.inexact = true // what seemed to lack was asked for, and is not there
		case !p.came, p.null && p.offset < c.size:
			return errVanished
		case p.n > p.length:
			return errShort
		}
		if c.advance(p.n, p.length); c.done || c.short {
			break
		}
	}
	c.data, c.buf, c.spare = w.buf[:c.offset-begin], w.buf, c.buf
	return nil
}
