package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mailconn/mailconn/internal/disk"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// The names in the directory.
const (
	lockFile    = "lock"
	journalFile = "journal"
	contentDir  = "content"
	damagedDir  = "damaged"
)

// Outbox is an open outbox. Its methods may be called by many goroutines at once.
type Outbox struct {
	dir    string
	cfg    Config
	unlock func()
	damage []*DamagedError // found at opening
	size   int64           // of the journal's lines at opening, and their number
	lines  int

	// life ends when Close does not wait any longer. Relays and handlers are given it.
	life  context.Context
	cut   context.CancelCauseFunc
	tasks sync.WaitGroup // goroutines, and calls of Put and others that write

	mu        sync.Mutex // guards all that follows
	book      *journal.Book
	journal   *journal.File
	relays    []*relay
	claims    map[string]chan struct{} // ids with which a Put is under way
	delivery  *schedule
	telling   *schedule
	untold    []*journal.Message // with ends that are not synced, in the order of Message.Seq
	flushing  *time.Timer
	flushSet  bool // flushing will call flush
	compactAt int  // lines up to which the journal is not written anew
	slack     int  // lines that no longer matter, which are left in the journal
	closed    bool
	ended     chan struct{} // closed when Close has returned
}

// Open opens the outbox in a directory, which it creates if it does not exist, and
// begins to deliver what is in it. ctx bounds only the wait for another Outbox that has
// the directory open: then the error is ErrLocked. It is ErrExposed if other users have
// access. What is damaged is set aside, and Damaged lists it.
func Open(ctx context.Context, dir string, c Config) (*Outbox, error) {
	return open(ctx, dir, c, journal.SystemCalls)
}

func open(ctx context.Context, dir string, c Config, calls journal.Calls) (*Outbox, error) {
	switch {
	case ctx == nil:
		return nil, errNilContext
	case dir == "": // not the one that the program happens to run in
		return nil, errors.New("outbox: no directory")
	}
	c, err := c.prepared()
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	if err := makePrivate(dir, calls); err != nil {
		return nil, err
	}
	unlock, err := lock(ctx, dir)
	if err != nil {
		return nil, err
	}
	o := newOutbox(dir, c, calls)
	o.unlock = unlock
	if err := o.load(); err != nil {
		o.journal.Close()
		unlock()
		return nil, err
	}
	o.begin()
	return o, nil
}

func newOutbox(dir string, c Config, calls journal.Calls) *Outbox {
	o := &Outbox{dir: dir, cfg: c, claims: map[string]chan struct{}{}, slack: 1000, ended: make(chan struct{})}
	o.life, o.cut = context.WithCancelCause(context.Background())
	o.journal = &journal.File{Mu: &o.mu, Path: filepath.Join(dir, journalFile), Calls: calls, Snapshot: o.snapshot}
	for _, r := range c.Relays {
		o.relays = append(o.relays, &relay{Relay: r})
	}
	o.delivery = &schedule{workers: c.Workers, work: o.deliver, tasks: &o.tasks, mu: &o.mu, after: o.relayReady}
	o.telling = &schedule{workers: c.Workers, work: o.tell, tasks: &o.tasks, mu: &o.mu}
	o.delivery.init()
	o.telling.init()
	o.flushing = time.AfterFunc(time.Hour, o.flush)
	o.flushing.Stop()
	return o
}

// load reads what is in the directory, and sets aside what is damaged.
func (o *Outbox) load() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := makePrivate(filepath.Join(o.dir, contentDir), o.journal.Calls); err != nil {
		return err
	}
	f, _, err := openFile(o.journal.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		o.book = journal.NewBook()
		if err := o.findContents(true); err != nil { // contents without a journal are not removed
			return err
		}
	case errors.Is(err, ErrExposed):
		return err
	case err != nil:
		return fmt.Errorf("outbox: %w", err)
	default:
		defer f.Close()
		if err := o.readJournal(f); err != nil {
			return err
		}
	}
	// Written anew, it has no torn line, and is known to be synced. On a disk that is full
	// the old one has to do.
	err = o.journal.Rewrite()
	if disk.Full(err) && o.lines > 0 && len(o.damage) == 0 {
		err = o.journal.Adopt(o.size, o.lines)
	}
	if err != nil {
		return full(err)
	}
	return nil
}

func (o *Outbox) readJournal(f *os.File) error {
	r, err := journal.Read(f)
	if err != nil {
		return fmt.Errorf("outbox: %s: %w", o.journal.Path, err)
	}
	o.book, o.size, o.lines = r.Book, r.Size, r.Lines
	for _, d := range r.Damage {
		o.damage = append(o.damage, &DamagedError{ID: d.ID, File: journalFile, Line: d.Line, Err: d.Err})
	}
	o.book.Recover()
	if len(r.Damage) > 0 {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		if err := o.keepDamaged(f); err != nil {
			return full(err)
		}
	}
	return o.findContents(len(r.Damage) > 0)
}

// begin schedules what was read.
func (o *Outbox) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	for _, m := range o.inOrder() {
		// The clock may have been set, so what it says bounds a wait, and expiry comes after
		// an attempt.
		age := max(0, now.Sub(m.Put))
		m.Expires = now.Add(o.cfg.Expire - age)
		if wait := m.Next.Sub(now); wait > 0 {
			m.Next = now.Add(min(wait, o.cfg.MaxRetryDelay))
		} else {
			m.Next = now
		}
		m.Doubt(m.Stranded(len(o.relays)), "it may be sent again by one relay only, which is not in Config.Relays")
		if o.cfg.ResendInDoubt {
			o.resendDoubt(m)
		}
		o.plan(m)
	}
}

// snapshot calls f for each line of a new journal, messages in the order of Put.
func (o *Outbox) snapshot(f func(*journal.Entry) error) error {
	for _, m := range o.inOrder() {
		for _, e := range m.Entries() {
			if err := f(e); err != nil {
				return err
			}
		}
	}
	o.dropIDs(time.Now())
	for id, k := range o.book.Kept {
		if err := f(&journal.Entry{Do: journal.DoKept, ID: id, Sum: &k.Fingerprint, Time: k.Over}); err != nil {
			return err
		}
	}
	return nil
}

// Damaged returns what was found damaged when the outbox was opened, the first
// thousand findings at most.
func (o *Outbox) Damaged() []*DamagedError { return append([]*DamagedError(nil), o.damage...) }
