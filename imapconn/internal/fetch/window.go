package fetch

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/numset"
	"github.com/mailconn/mailconn/internal/line/imap/message"
)

// window is what of a content was asked for and not read yet, in pieces. Each piece that was
// read makes way for another, so that some are always under way.
//
// At first there is room for all that is asked for. While the program reads faster than the
// pieces come, and they come without delay, more are asked for, so that a distant server
// sends all the time. What then finds no room waits in the connection. A program that stops
// reading keeps no other command waiting: what still comes is dropped, and asked for again,
// and there is room for all that is asked for from then on.
type window struct {
	commands.Exchange
	of     *Content
	uids   numset.Set
	room   []byte
	slots  int           // pieces that there is room for
	ahead  int           // pieces that are asked for at most
	most   int           // what ahead may become
	trip   time.Duration // the shortest that a piece has taken to come
	hungry bool          // the program has waited for one since ahead was looked at

	mu       sync.Mutex // held over what follows; never while the stream's is taken
	pieces   []*piece   // in the order of the content
	reading  bool       // the program reads one that is not among them any more, in its room
	dropping bool
}

// piece is a part of a content.
type piece struct {
	offset, length int64
	room           []byte
	answer         commands.Answer // to the command that asks for it
	asked          time.Time
	took           time.Duration
	last           bool // of those that were asked for together
	came, null     bool
	dropped        bool  // there was no room
	n              int64 // how much has come
	why            error // why it cannot be read
}

const (
	// maxWindow is how many pieces there is room for at most, which is 1.5 MiB: the room, and
	// what the collector leaves as much of, stay below 4 MB.
	maxWindow = 24
	// maxAhead is how many pieces are under way at most, which is 16 MiB.
	maxAhead = 256
)

// newWindow returns a window with room for as many pieces as the message's size leads to
// expect, and one at least, as servers are wrong about sizes.
func (f *Loop) newWindow(c *Content) *window {
	left := c.section.left(c.offset, c.expected()-c.offset)
	n := min(maxWindow, max(1, (left+f.piece-1)/f.piece))
	w := &window{of: c, uids: numset.Set{{Low: c.uid, High: c.uid}}, room: f.room, most: maxAhead}
	if f.room = nil; int64(len(w.room)) < n*f.piece {
		w.room = make([]byte, n*f.piece)
	}
	w.slots = int(int64(len(w.room)) / f.piece)
	w.ahead = w.slots
	w.Take, w.Full, w.Hold, w.Progress = w.add, w.full, int(f.piece), make(chan struct{}, 1)
	f.open = append(f.open, w)
	return w
}

// next returns the pieces to ask for: none while more than half of those that may be under
// way are, as each time costs a write.
func (w *window) next() (pieces []*piece) {
	if len(w.pieces) > w.ahead/2 {
		return nil
	}
	c, length, most := w.of, w.of.of.piece, w.ahead
	if c.short {
		most = 1 // it is not known what the server gives
	}
	end, now := max(c.expected(), c.offset+1), time.Now()
	for n := len(w.pieces); n < most; n++ {
		at := c.offset + int64(n)*length
		if at >= end || c.section.left(at, 1) <= 0 {
			break
		}
		slot := at / length % int64(w.slots) * length
		pieces = append(pieces, &piece{offset: c.section.from + at, length: c.section.left(at, length), room: w.room[slot : slot+length], asked: now})
	}
	if len(pieces) > 0 {
		pieces[len(pieces)-1].last = true
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
		requests = append(requests, commands.Request{Command: "FETCH", Text: text, UIDs: w.uids, Answer: &p.answer})
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

// find returns the first of the pieces that has not come and is what a server's item has.
func (w *window) find(label []byte) (i int) {
	_, offset := match([]section{w.of.section}, label)
	return slices.IndexFunc(w.pieces, func(p *piece) bool { return p.offset == offset && !p.came })
}

// fits reports whether there is room for a piece: the last that can have some has that of the
// piece that the program reads.
func (w *window) fits(i int) bool { return i < w.slots-1 || i == w.slots-1 && !w.reading }

// full reports whether there is no room yet for a piece that has come.
func (w *window) full(f *message.Fetch) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.dropping && slices.ContainsFunc(f.Sections, func(s message.Section) bool { return !w.fits(w.find(s.Name)) })
}

// add takes a piece that has come.
func (w *window) add(f *message.Fetch, why error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range f.Sections {
		i := w.find(s.Name)
		if i < 0 {
			continue
		}
		p := w.pieces[i]
		p.came, p.null, p.why, p.took = true, s.Content == nil, why, time.Since(p.asked)
		if p.dropped = w.dropping || !w.fits(i); p.dropped {
			w.dropping = true
			continue
		}
		p.n = int64(copy(p.room[:p.length], s.Content))
	}
	return true
}

// release gives the room back of the piece that the program has read.
func (w *window) release() {
	w.mu.Lock()
	w.reading = false
	w.mu.Unlock()
	w.of.of.Stream.Wake()
}

// take waits for the piece that is next in the content, and takes it out. It returns nil if
// that was dropped, and has to be asked for again.
func (w *window) take() (*piece, error) {
	s, p := w.of.of.Stream, w.pieces[0]
	waited, err := s.AwaitAnswer(w.of.of.ctx, &w.Exchange, &p.answer)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.grow(p, waited)
	if w.pieces = w.pieces[1:]; p.n < p.length {
		w.pieces = nil // they are not what follows
	}
	w.reading = true
	switch refused := p.answer.Refused; {
	case p.why != nil:
		return nil, w.of.failed(p.why)
	case refused != nil && refused.Code != codeExpungeIssued:
		return nil, w.of.failed(refused)
	case p.dropped:
		w.dropping = false
		w.ahead, w.most = w.slots, w.slots
		return nil, nil
	case w.of.short && p.came && p.n == 0 && p.answer.Code != string(codeExpungeIssued):
		w.of.of.inexact = true // what seemed to lack was asked for, and is not there
	case !p.came, p.null && p.offset < w.of.size:
		return nil, w.of.failed(ErrVanished)
	}
	return p, nil
}

// grow has more pieces be asked for if those that were asked for together with p were waited
// for, and the last was not much later than one that comes alone: it did not queue behind
// the others.
func (w *window) grow(p *piece, waited bool) {
	w.hungry = w.hungry || waited && w.trip > 0 // the first is always waited for
	if p.came && (w.trip == 0 || p.took < w.trip) {
		w.trip = p.took
	}
	if !p.last {
		return
	}
	if w.hungry && p.took <= 2*w.trip && w.slots == maxWindow {
		w.ahead = min(2*w.ahead, w.most)
	}
	w.hungry = false
}

// expected returns how long the section is by the size of the message.
func (c *Content) expected() int64 { return c.size - c.section.from }

// advance notes that n bytes of a piece have come of those that were asked for.
func (c *Content) advance(n, asked int64) {
	c.offset += n
	c.short = n < asked
	c.done = n == 0 || c.section.left(c.offset, 1) == 0
}

// failed returns the error of a content that cannot be had.
func (c *Content) failed(why error) error { return c.of.Failed(imap.UID(c.uid), why) }
