package outbox

import (
	"context"
	"io"

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

// Journal reads a journal and returns how many messages are in it, how many ids are
// kept, how many findings of damage there are, and the lines of a new one.
func Journal(in io.Reader) (messages, kept int, damage int, anew []byte, err error) {
	r, err := journal.Read(in)
	if err != nil {
		return 0, 0, 0, nil, err
	}
	r.Book.Recover()
	o := &Outbox{book: r.Book, cfg: Config{KeepIDs: 1 << 62}}
	n := 0
	add := func(e *journal.Entry) error {
		n++
		line, err := e.Line(n)
		anew = append(anew, line...)
		return err
	}
	if err := add(&journal.Entry{Format: journal.Format}); err != nil {
		return 0, 0, 0, nil, err
	}
	err = o.snapshot(add)
	return len(r.Book.Messages), len(r.Book.Kept), len(r.Damage), anew, err
}

// Seal ends a line of a journal, which is an object without its closing brace.
func Seal(text []byte) []byte { return journal.Seal(text) }
