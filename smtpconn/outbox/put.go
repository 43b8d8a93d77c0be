package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

// Put takes a message for delivery. When it returns nil, message and id are on disk.
//
// The id is the program's name for the message: of an order, a row, an event. If the
// outbox has a message with the id, or had one within Config.KeepIDs, Put compares
// envelope and content with those. If they are the same it returns nil and does
// nothing; otherwise the error is ErrConflict.
//
// Of the envelope all is kept but Partial, which every attempt has. BeforeEnd must not
// be set. What no relay could make right is an error: an address, an option, the
// content's line ends (smtpconn.ErrLineEnds) and other rules of the envelope for it.
//
// The content is read to its end. ctx bounds the waits and the time between two reads.
// On an error nothing is left of the message, except with ErrMaybeStored.
func (o *Outbox) Put(ctx context.Context, id string, e smtpconn.Envelope, content io.Reader) error {
	if content == nil {
		return errors.New("outbox: nil content")
	}
	env, err := newEnvelope(id, e)
	if err != nil {
		return err
	}
	release, err := o.claim(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	if print, known := o.known(id); known {
		return o.putAgain(ctx, id, print, &env, content)
	}
	if err := o.hasRoom(); err != nil { // before the content is read
		return err
	}
	m := &message{key: newKey(), id: id, put: time.Now(), env: env}
	if m.size, m.sum, err = o.store(ctx, m.key, &env, content); err != nil {
		return full(err)
	}
	return o.commit(m)
}

// claim waits until no other Put with the id is under way.
func (o *Outbox) claim(ctx context.Context, id string) (release func(), err error) {
	if ctx == nil {
		return nil, errNilContext
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.claims[id] != nil && !o.closed {
		other := o.claims[id]
		o.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
		}
		o.mu.Lock()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("outbox: %w", wire.ContextError(ctx))
		}
	}
	if o.closed {
		return nil, ErrClosed
	}
	own := make(chan struct{})
	o.claims[id] = own
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.claims, id)
		close(own)
	}, nil
}

// known returns the fingerprint of the message that has an id.
func (o *Outbox) known(id string) (digest, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m := o.ids[id]; m != nil {
		return m.env.fingerprint(m.sum), true
	}
	k, known := o.kept[id]
	return k.print, known && o.keeps(k, time.Now())
}

func (o *Outbox) keeps(k keptID, now time.Time) bool { return now.Sub(k.over) < o.cfg.KeepIDs }

// dropIDs removes the ids that need not be kept any longer.
func (o *Outbox) dropIDs(now time.Time) {
	for id, k := range o.kept {
		if !o.keeps(k, now) {
			delete(o.kept, id)
		}
	}
}

func (o *Outbox) hasRoom() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tooMany()
}

// tooMany returns an error if there are as many messages as there may be. It is called
// with the mutex held.
func (o *Outbox) tooMany() error {
	if len(o.messages) < o.cfg.MaxMessages {
		return nil
	}
	return fmt.Errorf("%w: there are Config.MaxMessages", ErrFull)
}

// putAgain compares a message with the one that has its id, and settles that one if its
// Put has failed to sync it.
func (o *Outbox) putAgain(ctx context.Context, id string, print digest, env *envelope, content io.Reader) error {
	_, sum, err := measure(ctx, env, content, func([]byte) error { return nil })
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	if env.fingerprint(sum) != print {
		return ErrConflict
	}
	if err := o.enter(); err != nil {
		return err
	}
	defer o.leave()
	if m := o.ids[id]; m != nil && m.unsynced {
		return o.syncPut(m)
	}
	return nil
}

// commit writes a message to the journal whose content is on disk.
func (o *Outbox) commit(m *message) error {
	if err := o.enter(); err != nil {
		o.discard(m)
		return err
	}
	defer o.leave()
	if err := o.tooMany(); err != nil { // others may have come meanwhile
		o.discard(m)
		return err
	}
	if err := o.change(m.entries()[0]); err != nil {
		o.discard(m)
		return full(err)
	}
	m = o.messages[m.key]
	m.expires, m.next, m.unsynced = m.put.Add(o.cfg.Expire), m.put, true
	return o.syncPut(m)
}

func (o *Outbox) syncPut(m *message) error {
	if err := o.sync(o.journal.written); err != nil {
		return fmt.Errorf("%w: %w", ErrMaybeStored, err)
	}
	m.unsynced = false
	o.plan(m)
	return nil
}
