package pop3watch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/mailconn/mailconn/internal/outage"
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

// look connects, handles what is new, and deletes what is due. Its error is an outage,
// which is a [*dial.Error], or one of Handle or Seen.
func (w *watch) look(ctx context.Context) error {
	w.begun = time.Now()
	client, err := pop3conn.Dial(ctx, w.Endpoint, w.Options)
	w.login = time.Now()
	if err != nil {
		return err
	}
	defer client.Abort()
	w.tries.LoggedIn()
	l := &look{watch: w, client: client, listed: map[string]int{}, present: map[string]bool{}}
	err = l.run(ctx)
	if time.Since(w.login) >= w.Stable {
		w.tries.Reset()
	}
	l.leave(ctx)
	return err
}

func (l *look) run(ctx context.Context) error {
	index, err := l.client.Index(ctx)
	features := l.client.Features()
	l.loginDelay = features.LoginDelay.Minimum
	if err != nil {
		return l.noIndex(err, features)
	}
	for _, m := range keyed(index) {
		l.classify(m)
	}
	if err := l.verify(ctx); err != nil {
		return err
	}
	l.fresh = append(l.fresh, l.late...)
	l.result.Listed, l.result.New = len(index), len(l.fresh)
	for _, m := range l.fresh {
		l.result.Size += min(max(m.Size, 0), math.MaxInt64-l.result.Size) // a server can list any size
	}
	l.tell()
	defer func() {
		l.result.Over = true
		l.tell()
	}()
	err = l.retrieve(ctx)
	if err == nil {
		err = l.forget(ctx)
	}
	if err == nil {
		err = l.delete(ctx)
	}
	return err
}

// noIndex returns the outage for an index that could not be had: the server wants a login
// for it, or has no UIDL.
func (l *look) noIndex(err error, features pop3conn.Features) error {
	refused, listed := new(pop3conn.Error), len(l.client.Capabilities()) > 0
	switch {
	case !errors.As(err, &refused):
	case l.client.Err() == nil && (l.Options == nil || l.Options.Auth == nil):
		return outage.NewNoLogin(l.client.Security().Endpoint, true, refused)
	case refused.Command == "UIDL" && listed && !features.UIDL:
		err = fmt.Errorf("%w: %w", errNoUIDL, err)
	}
	return l.outage(err)
}

// classify decides what to do with a message.
func (l *look) classify(m *Message) {
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

// quitTime bounds the wait for the reply to QUIT.
const quitTime = 5 * time.Second

// leave ends a session in which nothing is marked as deleted, unless it has ended. A
// server that gets no QUIT keeps the mailbox locked for a while.
func (l *look) leave(ctx context.Context) {
	if ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(ctx, quitTime)
		defer cancel()
		l.client.Quit(ctx)
	}
}
