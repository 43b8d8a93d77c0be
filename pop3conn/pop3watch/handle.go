package pop3watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/pop3conn"
)

// retrieve gives Handle the new messages. An error that concerns one message does not end
// the look.
func (l *look) retrieve(ctx context.Context) error {
	next := 0
	for got, err := range l.client.RetrEach(ctx, listings(l.fresh)) {
		m := l.fresh[next]
		next++
		m.Message = got
		if l.Delete {
			m.digest = sha256.New()
		}
		l.slow[m.Key] = true // unless it comes to its end
		var refused error
		switch {
		case err == nil:
			if err = l.handle(ctx, m); errors.Is(err, pop3conn.ErrTooLarge) && l.client.Err() == nil {
				refused, err = err, nil
			}
		case l.client.Err() == nil:
			refused, err = err, nil
		}
		switch {
		case err != nil:
			return err
		case refused != nil:
			l.refuse(m, refused)
		default:
			delete(l.slow, m.Key)
		}
	}
	return nil
}

// handle calls Handle with a message, and then takes note of it.
func (l *look) handle(ctx context.Context, m *Message) error {
	err := l.Handle(ctx, m)
	ended := l.client.Err()
	switch {
	case ended != nil && !m.Complete():
		return ended // the message comes again, whatever Handle has made of its beginning
	case err != nil:
		return &handleError{m.Msg, err}
	case l.Delete && !m.Complete():
		return fmt.Errorf("%w: message %d", ErrUnread, m.Msg)
	}
	note := Note{at: time.Now(), sum: m.sum()}
	if err := l.save(ctx, map[string]Note{m.Key: note}); err != nil {
		return err
	}
	l.result.Handled++
	l.dueAt(m, note.at)
	return nil
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

// forget removes the notes of messages that are not on the server any more. A server may
// list nothing at all because of a fault: then only the notes of messages that were about
// to be deleted are removed.
func (l *look) forget(ctx context.Context) error {
	gone := map[string]Note{}
	for key, note := range l.notes {
		if !l.present[key] && (len(l.present) > 0 || note.going) {
			gone[key] = Note{}
		}
	}
	return l.save(ctx, gone)
}
