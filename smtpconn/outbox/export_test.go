package outbox

import (
	"context"

	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// Calls are the system calls of an outbox that tests replace.
type Calls = journal.Calls

// SystemCalls are those of the system.
func SystemCalls() Calls { return journal.SystemCalls }

// OpenWith is Open with other system calls.
func OpenWith(ctx context.Context, dir string, c Config, calls Calls) (*Outbox, error) {
	return open(ctx, dir, c, calls)
}

// SetSlack sets how many lines that no longer matter are left in the journal.
func (o *Outbox) SetSlack(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slack = n
}

// Seal ends a line of a journal, which is an object without its closing brace.
func Seal(text []byte) []byte { return journal.Seal(text) }
