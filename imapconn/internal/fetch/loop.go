package fetch

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/stream"
	imapline "github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/line/imap/message"
)

// What a batch asks for at most.
const (
	defaultBatch = 200       // messages: with more, garbage comes faster than it is collected
	batchBytes   = 512 << 10 // bytes of content
	maxLines     = 8         // responses of the greatest length; what comes after them is asked for again
)

// Session is the session that a loop runs in.
type Session struct {
	Stream   *stream.Stream
	Caps     []string
	Lists    func(capabilities ...string) bool   // reports whether one of them is in force
	Messages func() (n uint32, known bool)       // of the selected mailbox
	Ended    func(error) error                   // returns the error of a loop that has ended early
	Failed   func(uid imap.UID, why error) error // returns the error of a message that cannot be had
}

// Options are those of imapconn.FetchOptions.
type Options struct {
	Envelope, BodyStructure, InternalDate, ModSeq bool

	NoBody   bool
	Sections []*imap.FetchItemBodySection
	Raw      []string
	Batch    int
}

// Message is a message, or a UID and why its message cannot be had.
type Message struct {
	message.Fetch            // without the sections that came
	Contents      []*Content // of the sections that were asked for
	Err           error
}

// Loop is a loop that runs.
type Loop struct {
	Session
	ctx      context.Context
	epoch    int
	o        Options
	items    string // asked for of every message, but its content
	sections []section
	piece    int64 // how much of a section is asked for at once
	inexact  bool  // contents may be shorter than the sizes that the server tells
	queue    queue
	window   int64     // how many messages are looked at together
	cuts     []uint32  // the greatest UIDs of windows that the server has told
	ahead    *batch    // under way
	open     []*window // of contents of the message that the program has
	most     int       // messages of the next batch, up to o.Batch
	room     []byte    // of a window, to be used again
	spare    []Message // of a batch, as well
}

// New checks what can be checked before a command is sent.
func New(ctx context.Context, s Session, uids imap.UIDSet, o Options) (f *Loop, err error) {
	if ctx == nil {
		return nil, errors.New("nil context")
	}
	f = &Loop{Session: s, ctx: ctx, epoch: s.Stream.Epoch(), o: o}
	if f.o.Batch < 0 {
		return nil, errBatch
	}
	limit := imapline.MessageLimit(s.Caps)
	f.window = min(maxSized, limit)
	f.o.Batch = int(min(int64(cmp.Or(f.o.Batch, defaultBatch)), limit))
	f.most = f.o.Batch
	if f.items, err = f.o.metadata(s.Lists("CONDSTORE", "QRESYNC")); err != nil {
		return nil, err
	}
	if f.sections, err = f.o.sections(); err != nil {
		return nil, err
	}
	f.piece = maxPiece / int64(max(1, len(f.sections)))
	f.queue, err = newQueue(uids)
	return f, err
}

// Each runs the loop. What is given to yield is valid until that returns.
func (f *Loop) Each(yield func(*Message) bool) error {
	defer f.stop()
	err := f.survey()
	if err == nil {
		err = f.advance()
	}
	for err == nil && f.ahead != nil {
		b := f.ahead
		over := f.Stream.AwaitAnswers(f.ctx, &b.Exchange)
		if f.ctx.Err() != nil && over != nil {
			return over
		}
		f.ahead = nil
		if err = over; err == nil {
			err = f.note(b)
		}
		slices.SortFunc(b.messages, func(a, b Message) int { return cmp.Compare(a.UID, b.UID) })
		if err == nil {
			err = f.advance()
		}
		for i := range b.messages {
			if !f.deliver(&b.messages[i], yield) {
				return nil
			}
			b.messages[i] = Message{}
		}
		f.spare = b.messages[:0]
	}
	return err
}

// deliver gives the program a message, which cannot be read afterwards: its room has the
// content of another then.
func (f *Loop) deliver(m *Message, yield func(*Message) bool) bool {
	goOn := yield(m)
	for _, c := range m.Contents {
		if c != nil {
			c.data, c.err = nil, ErrPassed
		}
	}
	for _, w := range f.open {
		f.Stream.Abandon(&w.Exchange)
		f.room = w.room
	}
	f.open = nil
	return goOn
}

// stop has what still comes be dropped.
func (f *Loop) stop() {
	if f.ahead != nil {
		f.Stream.Abandon(&f.ahead.Exchange)
	}
}

// advance begins the next batch, if there is one.
func (f *Loop) advance() error {
	if err := f.fill(); err != nil {
		return err
	}
	sets, again := f.queue.next(f.most, f.piece*int64(len(f.sections)))
	if len(sets) == 0 {
		return nil
	}
	b := &batch{of: f, sets: sets, again: again, messages: f.spare}
	f.spare = nil
	b.Take, b.Hold = b.add, int(f.piece)*len(f.sections)
	if err := f.Stream.Begin(f.ctx, &b.Exchange, b.requests(), f.epoch); err != nil {
		return err
	}
	f.ahead = b
	return nil
}

// note looks at the answers to a batch that has come.
func (f *Loop) note(b *batch) error {
	if refused := b.busy(); refused != nil {
		return refused
	}
	q := &f.queue
	for _, c := range b.Commands {
		a, many := c.Answer, c.Wanted.Count() > 1
		switch refused := a.Refused; {
		case refused == nil && a.Code == codeMessageLimit && many:
			q.again = append(q.again, b.missing(c.Wanted)...)
		case refused == nil && a.Code == string(codeExpungeIssued):
			if suspects := b.takeSuspects(c.Wanted); many {
				q.again = append(q.again, suspects...)
			}
		case refused == nil:
		case refused.Type == imap.StatusResponseTypeBad:
			return refused
		case many:
			q.again = append(q.again, b.missing(c.Wanted)...)
		default:
			b.refuse(c.Wanted[0].Low, refused)
		}
	}
	f.most = min(2*f.most, f.o.Batch)
	if len(b.dropped) > 0 {
		q.sized = slices.Concat(b.dropped, q.sized)
		f.most = max(1, len(b.messages))
	}
	if q.direct && !b.again && uint64(len(b.messages)+len(b.dropped)) < b.sets[0].Count()/4 {
		q.direct = false
	}
	return nil
}
