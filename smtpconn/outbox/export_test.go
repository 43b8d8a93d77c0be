package outbox

import (
	"context"
	"io"
	"os"
)

// Calls are the system calls of an outbox that tests replace.
type Calls struct {
	Read    func(f *os.File, b []byte) (int, error)
	Write   func(f *os.File, b []byte, at int64) (int, error)
	Sync    func(*os.File) error
	SyncDir func(path string) error
}

// SystemCalls are those of the system.
func SystemCalls() Calls {
	return Calls{systemCalls.read, systemCalls.write, systemCalls.sync, systemCalls.syncDir}
}

// OpenWith is Open with other system calls.
func OpenWith(ctx context.Context, dir string, c Config, calls Calls) (*Outbox, error) {
	return open(ctx, dir, c, systemOf(calls))
}

func systemOf(c Calls) calls { return calls{c.Read, c.Write, c.Sync, c.SyncDir} }

// SetSlack sets how many lines that no longer matter are left in the journal.
func (o *Outbox) SetSlack(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slack = n
}

// Journal reads a journal and returns how many messages are in it, how many ids are
// kept, how many findings of damage there are, and the lines of a new one.
func Journal(in io.Reader) (messages, kept int, damage int, anew []byte, err error) {
	r, err := read(in)
	if err != nil {
		return 0, 0, 0, nil, err
	}
	r.book.recover()
	o := &Outbox{book: r.book, cfg: Config{KeepIDs: 1 << 62}}
	n := 0
	add := func(e *entry) error {
		n++
		line, err := e.line(n)
		anew = append(anew, line...)
		return err
	}
	if err := add(&entry{Format: format}); err != nil {
		return 0, 0, 0, nil, err
	}
	err = o.snapshot(add)
	return len(r.book.messages), len(r.book.kept), len(r.damage), anew, err
}

// Seal ends a line of a journal, which is an object without its closing brace.
func Seal(text []byte) []byte { return seal(text) }
