package fetch

import (
	"strconv"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/numset"
	"github.com/mailconn/mailconn/internal/line/imap/message"
)

// window is what of a content was asked for and not read yet, in pieces. There is room for all
// that is asked for: a program that reads slowly keeps no other command waiting. Each piece
// that was read makes room for another, so that some are always under way.
type window struct {
	commands.Exchange
	of   *Content
	room []byte

	mu     sync.Mutex // held over what follows; never while the stream's is taken
	pieces []*piece   // in the order of the content
}

// piece is a part of a content.
type piece struct {
	offset, length int64
	room           []byte
	answer         commands.Answer // to the command that asks for it
	came, null     bool
	n              int64 // how much has come
	why            error // why it cannot be read
}

// maxWindow is how many pieces are under way at most, which is 1.5 MiB: the room, and what the
// collector leaves as much of, stay below 4 MB.
const maxWindow = 24

// newWindow returns a window with room for as many pieces as the message's size leads to
// expect, and one at least, as servers are wrong about sizes.
func (f *Loop) newWindow(c *Content) *window {
	left := c.section.left(c.offset, c.expected()-c.offset)
	n := min(maxWindow, max(1, (left+f.piece-1)/f.piece))
	w := &window{of: c, room: f.room}
	if f.room = nil; int64(len(w.room)) < n*f.piece {
		w.room = make([]byte, n*f.piece)
	}
	w.Take, w.Hold, w.Progress = w.add, int(f.piece), make(chan struct{}, 1)
	f.open = append(f.open, w)
	return w
}

// next returns the pieces to ask for: none while there is no room for half a window, as each
// time costs a write.
func (w *window) next() (pieces []*piece) {
	c, length := w.of, w.of.of.piece
	slots := int64(len(w.room)) / length
	if int64(len(w.pieces)) > slots/2 {
		return nil
	}
	end := max(c.expected(), c.offset+1)
	if c.short {
		slots = 1 // it is not known what the server gives
	}
	for at := c.offset + int64(len(w.pieces))*length; at < end && int64(len(w.pieces)+len(pieces)) < slots && c.section.left(at, 1) > 0; at += length {
		slot := at / length % slots * length
		pieces = append(pieces, &piece{offset: c.section.from + at, length: c.section.left(at, length), room: w.room[slot : slot+length]})
	}
	return pieces
}

// ask asks for the next pieces. It waits for the commands of others only if none is under way.
func (w *window) ask() error {
	f, s := w.of.of, w.of.of.Stream
	pieces := w.next()
	if len(pieces) == 0 {
		return nil
	}
	requests := make([]commands.Request, 0, len(pieces))
	for _, p := range pieces {
		text := "UID FETCH " + strconv.FormatUint(uint64(w.of.uid), 10) + " (UID " + w.of.section.piece(p.offset, p.length) + ")"
		requests = append(requests, commands.Request{Command: "FETCH", Text: text, UIDs: numset.Set{{Low: w.of.uid, High: w.of.uid}}, Answer: &p.answer})
	}
	w.mu.Lock()
	had := len(w.pieces)
	w.pieces = append(w.pieces, pieces...)
	w.mu.Unlock()
	if had == 0 {
		return s.Begin(f.ctx, &w.Exchange, requests, f.epoch)
	}
	sent, err := s.Extend(f.ctx, &w.Exchange, requests, f.epoch)
	if !sent {
		w.mu.Lock()
		w.pieces = w.pieces[:had]
		w.mu.Unlock()
	}
	return err
}

// add takes a piece that has come.
func (w *window) add(f *message.Fetch, why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range f.Sections {
		_, offset := match([]section{w.of.section}, s.Name)
		for _, p := range w.pieces {
			if p.offset == offset && !p.came {
				w.Kept = 0 // it has its room
				p.came, p.null, p.why = true, s.Content == nil, why
				p.n = int64(copy(p.room[:p.length], s.Content))
			}
		}
	}
}

// first waits for the piece that is next in the content, and takes it out.
func (w *window) first() (*piece, error) {
	s, p := w.of.of.Stream, w.pieces[0]
	if err := s.AwaitAnswer(w.of.of.ctx, &w.Exchange, &p.answer); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pieces = w.pieces[1:]; p.n < p.length {
		w.pieces = nil // they are not what follows
	}
	switch refused := p.answer.Refused; {
	case p.why != nil:
		return nil, w.of.failed(p.why)
	case refused != nil && refused.Code != codeExpungeIssued:
		return nil, w.of.failed(refused)
	case w.of.short && p.came && p.n == 0 && p.answer.Code != string(codeExpungeIssued):
		w.of.of.inexact = true // what seemed to lack was asked for, and is not there
	case !p.came, p.null && p.offset < w.of.size:
		return nil, w.of.failed(errVanished)
	}
	return p, nil
}

// advance notes that n bytes of a piece have come of those that were asked for.
func (c *Content) advance(n, asked int64) {
	c.offset += n
	c.short = n < asked
	c.done = n == 0 || c.section.left(c.offset, 1) == 0
}

// failed returns the error of a content that cannot be had.
func (c *Content) failed(why error) error { return c.of.Failed(imap.UID(c.uid), why) }
