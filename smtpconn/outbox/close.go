package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
)

// enter takes the mutex for a call that writes, unless the outbox is closed. Close waits
// for leave.
func (o *Outbox) enter() error {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return ErrClosed
	}
	o.tasks.Add(1)
	return nil
}

func (o *Outbox) leave() {
	o.mu.Unlock()
	o.tasks.Done()
}

// Close ends the outbox. It takes no more messages, begins no more attempts, and waits
// for those that are under way. When ctx ends first they are cut short: the relays'
// Send returns, and what it leaves in doubt is on disk when Close returns. Then the
// relays are closed. The directory can be opened again by the time Close returns. It
// waits for Config.Result and Config.Doubt, so these must not call it. The error is that
// of ctx, of the disk or of the relays. Only the first Close does this; others wait for it
// within their ctx.
func (o *Outbox) Close(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	if !o.stop() {
		select {
		case <-o.ended:
			return nil
		case <-ctx.Done():
			return wire.ContextError(ctx)
		}
	}
	defer close(o.ended)
	unwatch := context.AfterFunc(ctx, func() { o.cut(ErrClosed) })
	o.tasks.Wait()
	var errs []error
	cut := !unwatch()
	if cut {
		errs = append(errs, fmt.Errorf("outbox: closed before all attempts had ended: %w", wire.ContextError(ctx)))
	}
	for _, r := range o.relays {
		if err := r.Close(ctx); !cut || !errors.Is(err, context.Cause(ctx)) { // which is said already
			errs = append(errs, err)
		}
	}
	o.cut(ErrClosed)
	o.mu.Lock()
	defer o.mu.Unlock()
	errs = append(errs, o.journal.Sync(o.journal.Written), o.journal.Close())
	o.unlock()
	return errors.Join(errs...)
}

// stop lets nothing more begin, and reports whether it is the first to do so.
func (o *Outbox) stop() (first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first, o.closed = !o.closed, true
	o.delivery.stop()
	o.telling.stop()
	o.flushing.Stop()
	return first
}
