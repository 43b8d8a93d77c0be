package imapwatch

import (
	"context"
	"fmt"

	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/internal/wire"
)

// call calls f, which calls functions of the program, when none of them is being called.
func (w *watch) call(f func() error) error {
	w.calls <- struct{}{}
	defer func() { <-w.calls }()
	return f()
}

// save takes note of how far the program is, also if ctx has ended by now. It is called
// by what call calls.
func (c *conn) save(ctx context.Context, b *box, p Position) error {
	ctx, cancel := outage.SaveContext(ctx)
	defer cancel()
	if err := c.Positions.Save(ctx, b.name, p); err != nil {
		return &handlerError{b.name, err}
	}
	b.acked = p
	return nil
}

// handlerError is an error of a function of the program. It is no outage, whatever it
// holds.
type handlerError struct {
	mailbox string
	err     error
}

func (e *handlerError) Error() string {
	return wire.Printable(fmt.Sprintf("imapwatch: %q: %v", e.mailbox, e.err))
}

func (e *handlerError) Unwrap() error { return e.err }
