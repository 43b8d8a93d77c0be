package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// Put takes a message for delivery. When it returns nil, message and id are on disk.
//
// The id is the program's name for the message: of an order, a row, an event. If the
// outbox has a message with the id, or had one within Config.KeepIDs, Put compares
// envelope and content with those. If they are the same it returns nil and does
// nothing; otherwise the error is ErrConflict.
//
// Of the envelope all is kept but Partial, which every attempt has, and an address that is
// there a second time, which is sent to once and has one result. BeforeEnd must not be set. What no relay could make right is an error: an address, an
// option, the content's line ends (smtpconn.ErrLineEnds) and other rules of the envelope
// for it.
//
// The content is read to its end. ctx bounds the waits and the time between two reads.
// On an error nothing is left of the message, except with ErrMaybeStored.
func (o *Outbox) Put(ctx context.Context, id string, e smtpconn.Envelope, content io.Reader) error {
	if content == nil {
		return errors.New("outbox: nil content")
	}
	env, err := journal.NewEnvelope(id, e)
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
	m := &journal.Message{Key: journal.NewKey(), ID: id, Put: time.Now(), Envelope: env}
	if m.Size, m.Sum, err = o.store(ctx, m.Key, &env, content); err != nil {
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
func (o *Outbox) known(id string) (journal.Digest, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m := o.book.IDs[id]; m != nil {
		return m.Envelope.Fingerprint(m.Sum), true
	}
	k, known := o.book.Kept[id]
	return k.Fingerprint, known && o.keeps(k, time.Now())
}

func (o *Outbox) keeps(k journal.KeptID, now time.Time) bool { return now.Sub(k.Over) < o.cfg.KeepIDs }

// dropIDs removes the ids that need not be kept any longer.
func (o *Outbox) dropIDs(now time.Time) {
	for id, k := range o.book.Kept {
		if !o.keeps(k, now) {
			delete(o.book.Kept, id)
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
	if len(o.book.Messages) < o.cfg.MaxMessages {
		return nil
	}
	return fmt.Errorf("%w: there are Config.MaxMessages", ErrFull)
}

// putAgain compares a message with the one that has its id, and settles that one if its
// Put has failed to sync it.
func (o *Outbox) putAgain(ctx context.Context, id string, print journal.Digest, env *journal.Envelope, content io.Reader) error {
	_, sum, err := measure(ctx, env, content, func([]byte) error { return nil })
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	if env.Fingerprint(sum) != print {
		return ErrConflict
	}
	if err := o.enter(); err != nil {
		return err
	}
	defer o.leave()
	if m := o.book.IDs[id]; m != nil && m.Unsynced {
		return o.syncPut(m)
	}
	return nil
}

// commit writes a message to the journal whose content is on disk.
func (o *Outbox) commit(m *journal.Message) error {
	if err := o.enter(); err != nil {
		o.discard(m)
		return err
	}
	defer o.leave()
	if err := o.tooMany(); err != nil { // others may have come meanwhile
		o.discard(m)
		return err
	}
	if err := o.change(m.Entries()[0]); err != nil {
		o.discard(m)
		return full(err)
	}
	m = o.book.Messages[m.Key]
	m.Expires, m.Next, m.Unsynced = m.Put.Add(o.cfg.Expire), m.Put, true
	return o.syncPut(m)
}

func (o *Outbox) syncPut(m *journal.Message) error {
	if err := o.sync(o.journal.Written); err != nil {
		return fmt.Errorf("%w: %w", ErrMaybeStored, err)
	}
	m.Unsynced = false
	o.plan(m)
	return nil
}
