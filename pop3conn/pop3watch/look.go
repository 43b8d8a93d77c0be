package pop3watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// look is one session: what is in the mailbox, and what becomes of it.
type look struct {
	*watch
	client *pop3conn.Client
	result Look

	listed  map[string]int  // messages by identifier
	present map[string]bool // keys
	trusted map[string]bool // keys of messages that are certainly those of the notes
	unnamed int             // messages without an identifier

	queue  []*Message           // to be handed over, or compared
	others []*Message           // to be handed over, as they were compared
	had    []*Message           // read in this session, and handled in this one or earlier
	found  map[*Message]Note    // notes of messages that were compared
	doubts map[[2]string][]Note // what to compare with, by identifier and sum
	due    []*Message           // to be deleted
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
	l := &look{watch: w, client: client, found: map[*Message]Note{},
		listed: map[string]int{}, present: map[string]bool{mailboxKey: true}, trusted: map[string]bool{}}
	if err = l.adopt(ctx); err == nil {
		err = l.run(ctx)
	}
	if time.Since(w.login) >= w.Stable {
		w.tries.Reset()
	}
	if left := l.leave(ctx); err == nil {
		err = left
	}
	return l.distrust(ctx, err)
}

func (l *look) run(ctx context.Context) error {
	index, err := l.client.Index(ctx)
	features := l.client.Features()
	l.loginDelay = min(features.LoginDelay.Minimum, maxLoginDelay)
	if err != nil {
		return l.noIndex(err, features)
	}
	l.result.Listed = len(index)
	for _, m := range keyed(index) {
		l.classify(m)
	}
	l.tell()
	defer func() {
		l.result.Over = true
		l.tell()
	}()
	err = l.readAll(ctx)
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
		l.unnamed++
		l.refuse(m, fmt.Errorf("%w: message %d", ErrNoID, m.Msg))
		return
	}
	l.listed[m.ID]++
	l.present[m.Key] = true
	note, known := l.notes[m.Key]
	switch {
	case known && note.state != unread && !l.isInDoubt(m, note):
		l.trusted[m.Key] = true
		l.dueAt(m, note.at)
	case known && l.isEarly(note):
		l.refuse(m, fmt.Errorf("%w: message %d", ErrCutOff, m.Msg))
	case known && note.sum != "": // none that is unread has one
		m.compare = true
		l.queue = append(l.queue, m)
	case l.Options != nil && l.Options.MaxMessageSize > 0 && m.Size > l.Options.MaxMessageSize:
		l.refuse(m, fmt.Errorf("%w: message %d", pop3conn.ErrTooLarge, m.Msg))
	default:
		l.queue = append(l.queue, m)
		l.result.New++
		l.result.add(m.Size)
	}
}

// quitTime bounds the wait for the reply to QUIT.
const quitTime = 5 * time.Second

// leave ends a session in which nothing is marked as deleted, unless it has ended. A
// server that gets no QUIT keeps the mailbox locked for a while. The error is that of a
// server whose replies to what was read were to other commands.
func (l *look) leave(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, quitTime)
	defer cancel()
	err := l.client.Quit(ctx)
	if len(l.had) > 0 && (errors.Is(err, policy.ErrMalformed) || errors.Is(err, policy.ErrInjected)) {
		return l.client.Err()
	}
	return nil
}
