package pop3watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/pop3conn"
)

// look is one session: what is in the mailbox, and what becomes of it.
type look struct {
	*watch
	client *pop3conn.Client
	result Look

	listed   map[string]int  // messages by identifier
	present  map[string]bool // keys
	fresh    []*Message      // to be handled
	late     []*Message      // to be handled when all others are
	doubtful []*Message      // noted as going, and listed
	due      []*Message      // to be deleted
}

// errNoUIDL is why a server without unique identifiers cannot be watched.
var errNoUIDL = errors.New("server has no unique identifiers (UIDL)")

// look connects, handles what is new, and deletes what is due. Its error is an outage,
// which is a [*dial.Error], or one of Handle or Seen.
func (w *watch) look(ctx context.Context) error {
	w.begun = time.Now()
	client, err := pop3conn.Dial(ctx, w.Endpoint, w.Options)
	if err != nil {
		return err
	}
	stood := time.Now()
	l := &look{watch: w, client: client, listed: map[string]int{}, present: map[string]bool{}}
	err = l.run(ctx)
	if time.Since(stood) >= w.Stable {
		w.distance = 0
	}
	l.result.Over = true
	l.tell()
	l.leave(ctx)
	return err
}

func (l *look) run(ctx context.Context) error {
	index, err := l.client.Index(ctx)
	features := l.client.Features()
	l.loginDelay = features.LoginDelay.Minimum
	if err != nil {
		if refused := new(pop3conn.Error); errors.As(err, &refused) && !refused.Temporary() && !features.UIDL {
			err = fmt.Errorf("%w: %w", errNoUIDL, err)
		}
		return l.outage(err)
	}
	for _, m := range keyed(index) {
		l.sort(m)
	}
	if err := l.verify(ctx); err != nil {
		return err
	}
	l.fresh = append(l.fresh, l.late...)
	l.result.Listed, l.result.New = len(index), len(l.fresh)
	for _, m := range l.fresh {
		l.result.Size += max(m.Size, 0)
	}
	l.tell()
	err = l.retrieve(ctx)
	if err == nil {
		err = l.forget(ctx)
	}
	if err == nil {
		err = l.delete(ctx)
	}
	return err
}

// sort decides what to do with a message.
func (l *look) sort(m *Message) {
	if m.ID == "" {
		l.refuse(m, fmt.Errorf("%w: message %d", ErrNoID, m.Msg))
		return
	}
	l.listed[m.ID]++
	l.present[m.Key] = true
	note, known := l.notes[m.Key]
	switch {
	case known && !note.going:
		l.dueAt(m, note.at)
	case known && note.sum != "":
		l.doubtful = append(l.doubtful, m)
	case l.Options != nil && l.Options.MaxMessageSize > 0 && m.Size > l.Options.MaxMessageSize:
		l.refuse(m, fmt.Errorf("%w: message %d", pop3conn.ErrTooLarge, m.Msg))
	case l.slow[m.Key]:
		l.late = append(l.late, m)
	default:
		l.fresh = append(l.fresh, m)
	}
}

// dueAt takes note of a message to be deleted, if its time has come.
func (l *look) dueAt(m *Message, handled time.Time) {
	if l.Delete && time.Since(handled) >= l.Age {
		l.due = append(l.due, m)
	}
}

// verify looks at messages that were about to be deleted when a session or a process
// ended. A server may give the identifier of a message that is gone to another
// (RFC 1939 §7), which must not pass for the one that the program has.
func (l *look) verify(ctx context.Context) error {
	next := 0
	for got, err := range l.client.RetrEach(ctx, listings(l.doubtful)) {
		m := l.doubtful[next]
		next++
		m.Message, m.digest = got, sha256.New()
		if err == nil {
			_, err = io.Copy(io.Discard, m)
		}
		note := l.notes[m.Key]
		switch {
		case l.client.Err() != nil:
			return l.outage(err)
		case err != nil:
			l.refuse(m, err)
		case m.sum() == note.sum:
			l.dueAt(m, note.at)
		default:
			l.fresh = append(l.fresh, m)
		}
	}
	return nil
}

// retrieve gives Handle what is new. Its error ends the look; what concerns one message
// does not.
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

// handle gives Handle a message and takes note of it, in this order.
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

// handleError is an error of Handle. It is no outage, whatever it holds.
type handleError struct {
	msg int
	err error
}

func (e *handleError) Error() string {
	return wire.Printable(fmt.Sprintf("pop3watch: message %d: %v", e.msg, e.err))
}

func (e *handleError) Unwrap() error { return e.err }

// forget forgets the messages that are not on the server any more. A server that lists
// nothing at all may do so for an outage: then only messages that were about to be
// deleted are forgotten.
func (l *look) forget(ctx context.Context) error {
	gone := map[string]Note{}
	for key, note := range l.notes {
		if !l.present[key] && (len(l.present) > 0 || note.going) {
			gone[key] = Note{}
		}
	}
	return l.save(ctx, gone)
}

// saveTime bounds a Save.
const saveTime = 30 * time.Second

// save changes notes, also if ctx has ended by now: what was handled must be noted.
func (l *look) save(ctx context.Context, changes map[string]Note) error {
	if len(changes) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	if err := l.Seen.Save(ctx, changes); err != nil {
		return err
	}
	apply(l.notes, changes)
	return nil
}

// refuse tells of a message that could not be had or deleted.
func (l *look) refuse(m *Message, err error) {
	if l.Refused != nil {
		l.Refused(m.Listing, err)
	}
}

func (l *look) tell() {
	if l.Looked != nil {
		l.Looked(l.result)
	}
}

// outage returns the end of the session, or a refusal that did not end it, as a
// [*dial.Error].
func (l *look) outage(err error) error {
	if ended := new(dial.Error); errors.As(err, &ended) && !errors.Is(err, pop3conn.ErrNotConfirmed) {
		return ended
	}
	return &dial.Error{Phase: dial.PhaseSession, Endpoint: l.client.Security().Endpoint, Err: err}
}

// quitTime bounds the farewell to a server.
const quitTime = 5 * time.Second

// leave ends a session in which nothing is marked as deleted, unless it has ended. A
// server that is not told keeps the mailbox locked for a while.
func (l *look) leave(ctx context.Context) {
	if ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(ctx, quitTime)
		defer cancel()
		l.client.Quit(ctx)
	}
	l.client.Abort()
}
