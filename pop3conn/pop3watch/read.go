package pop3watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/pop3conn"
)

// readAll hands over what is new, and compares what is in doubt. Messages in which
// sessions have ended come last, those with the fewest ends first, so that none of them
// keeps others from being read.
func (l *look) readAll(ctx context.Context) error {
	slices.SortStableFunc(l.queue, func(a, b *Message) int {
		return cmp.Compare(l.notes[a.Key].cuts, l.notes[b.Key].cuts)
	})
	err := l.read(ctx, l.queue)
	if err == nil {
		err = l.read(ctx, l.others)
	}
	return wire.Join(err, l.saveFound(ctx, err == nil))
}

// read reads messages. Its error ends the look; what concerns one message does not.
func (l *look) read(ctx context.Context, msgs []*Message) error {
	next := 0
	for got, err := range l.client.RetrEach(ctx, listings(msgs)) {
		m := msgs[next]
		next++
		m.Message, m.digest = got, newDigest()
		refused := err != nil
		if err == nil {
			err = l.take(ctx, m)
			refused = errors.Is(err, pop3conn.ErrTooLarge)
		}
		switch ended := l.client.Err(); {
		case err == nil:
		case ended != nil && !m.Complete():
			return wire.Join(ended, l.cut(ctx, m, ended))
		case ended == nil && refused:
			l.refuse(m, err)
		default:
			return err
		}
	}
	return nil
}

// take compares a message with those that were handled, or gives it to Handle.
func (l *look) take(ctx context.Context, m *Message) error {
	if m.compare {
		return l.compare(m)
	}
	return l.handle(ctx, m)
}

// handle calls Handle with a message, and then takes note of it. If the session ends
// before the message does, the message comes again, whatever Handle has made of it.
func (l *look) handle(ctx context.Context, m *Message) error {
	err := l.Handle(ctx, m)
	switch {
	case err != nil:
		return &handleError{m.Msg, err}
	case l.client.Err() != nil && !m.Complete():
		return l.client.Err()
	case l.Delete && !m.Complete():
		return fmt.Errorf("%w: message %d", ErrUnread, m.Msg)
	}
	note := Note{at: time.Now(), sum: m.sum(), size: max(m.Size, 0), cuts: l.notes[m.Key].cuts}
	if err := l.save(ctx, map[string]Note{m.Key: note}); err != nil {
		return err
	}
	l.result.Handled++
	l.had = append(l.had, m)
	l.dueAt(m, note.at)
	return nil
}

// ErrCutOff is the error of a message that is not tried in this look, since sessions have
// ended in it, or after it by a reply that answered no command. The distances at which it
// is tried again double, from twice Config.Every on.
var ErrCutOff = errors.New("pop3watch: sessions have ended in the message; it is tried again later")

// isEarly reports whether the message of a note is left alone for now.
func (l *look) isEarly(note Note) bool {
	const day, most = 24 * time.Hour, 10
	return note.cuts > 1 && time.Since(note.tried) < min(l.Every, day)<<min(note.cuts-1, most)
}

// cut takes note that the session has ended inside a message, if that can have been for
// the message's sake.
func (l *look) cut(ctx context.Context, m *Message, ended error) error {
	if ctx.Err() != nil || isConfused(ended) && len(l.had) > 0 {
		return nil
	}
	note := l.notes[m.Key]
	if !m.compare && note.state != unread {
		note = Note{at: time.Now(), state: unread}
	}
	return l.save(ctx, map[string]Note{m.Key: note.cutOff()})
}

// handleError is an error of Handle. It is no outage, whatever it wraps.
type handleError struct {
	msg int
	err error
}

func (e *handleError) Error() string {
	return wire.Printable(fmt.Sprintf("pop3watch: message %d: %v", e.msg, e.err))
}

func (e *handleError) Unwrap() error { return e.err }
