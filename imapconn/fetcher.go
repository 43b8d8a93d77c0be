package imapconn

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// What a batch asks for at most.
const (
	defaultBatch = 500       // messages
	batchBytes   = 512 << 10 // bytes of content
	maxSetText   = 8000      // of a set: servers bound the length of a line (RFC 7162 §4)
)

// fetcher is a FetchEach that runs.
type fetcher struct {
	c        *Client
	ctx      context.Context
	epoch    int
	o        FetchOptions
	items    string // asked for of every message, but its content
	sections []section
	piece    int64 // how much of a section is asked for at once
	inexact  bool  // contents may be shorter than the sizes that the server tells
	queue    queue
	window   int64     // how many messages are looked at together
	cuts     []uint32  // the greatest UIDs of windows that the server has told
	ahead    *batch    // under way
	open     []*window // of contents of the message that the program has
	room     []byte    // of a window, to be used again
}

// newFetcher checks what can be checked before a command is sent.
func (c *Client) newFetcher(ctx context.Context, uids imap.UIDSet, o *FetchOptions) (f *fetcher, err error) {
	if ctx == nil {
		return nil, errors.New("nil context")
	}
	f = &fetcher{c: c, ctx: ctx, epoch: c.stream.epoch()}
	if o != nil {
		f.o = *o
	}
	if f.o.Batch < 0 {
		return nil, errBatch
	}
	f.o.Batch = cmp.Or(f.o.Batch, defaultBatch)
	f.window = maxSized
	if limit, ok := c.listed("MESSAGELIMIT"); ok && limit > 0 { // RFC 9738
		f.window = min(f.window, limit)
		f.o.Batch = int(min(int64(f.o.Batch), limit))
	}
	if f.items, err = f.o.metadata(c.lists("CONDSTORE", "QRESYNC")); err != nil {
		return nil, err
	}
	if f.sections, err = f.o.sections(); err != nil {
		return nil, err
	}
	f.piece = maxPiece / int64(max(1, len(f.sections)))
	f.queue, err = newQueue(uids)
	return f, err
}

// each runs the loop.
func (f *fetcher) each(yield func(*Message, error) bool) error {
	defer f.stop()
	err := f.survey()
	if err == nil {
		err = f.advance()
	}
	for err == nil && f.ahead != nil {
		b := f.ahead
		over := f.c.stream.awaitAnswers(f.ctx, &b.exchange)
		if f.ctx.Err() != nil && over != nil {
			return over
		}
		f.ahead = nil
		if err = over; err == nil {
			err = f.note(b)
		}
		slices.SortFunc(b.messages, func(a, b *Message) int { return cmp.Compare(a.UID, b.UID) })
		if err == nil {
			err = f.advance()
		}
		for _, m := range b.messages {
			if !f.deliver(m, yield) {
				return nil
			}
		}
	}
	return err
}

// deliver gives the program a message.
func (f *fetcher) deliver(m *Message, yield func(*Message, error) bool) bool {
	goOn := yield(m, m.err)
	for _, w := range f.open {
		f.c.stream.abandon(&w.exchange)
		f.room = w.room
	}
	f.open = nil
	m.err = cmp.Or(m.err, errPassed)
	return goOn
}

// stop has what still comes be dropped.
func (f *fetcher) stop() {
	if f.ahead != nil {
		f.c.stream.abandon(&f.ahead.exchange)
	}
}

// advance begins the next batch, if there is one.
func (f *fetcher) advance() error {
	if err := f.fill(); err != nil {
		return err
	}
	uids, alone := f.queue.next(f.o.Batch, f.piece*int64(len(f.sections)))
	if len(uids) == 0 {
		return nil
	}
	b := &batch{of: f, uids: uids, alone: alone}
	b.take, b.hold = b.add, int(f.piece)*len(f.sections)
	if err := f.c.stream.begin(f.ctx, &b.exchange, b.requests(), f.epoch); err != nil {
		return err
	}
	f.ahead = b
	return nil
}

// note looks at the answers to a batch that has come.
func (f *fetcher) note(b *batch) error {
	for i, c := range b.commands {
		a := c.answer
		switch refused := a.refused; {
		case refused == nil && a.code == codeMessageLimit && !b.alone:
			f.queue.again = b.missing()
		case refused == nil && a.code == string(codeExpungeIssued):
			if again := b.takeSuspects(); !b.alone {
				f.queue.again = again
			}
		case refused == nil:
		case refused.Type == imap.StatusResponseTypeBad:
			return refused
		case !b.alone:
			f.queue.again = b.missing()
		default:
			b.refuse(b.uids[i].low, refused)
		}
	}
	if f.queue.direct && !b.alone && uint64(len(b.messages)) < b.uids.count()/4 {
		f.queue.direct = false
	}
	return nil
}
