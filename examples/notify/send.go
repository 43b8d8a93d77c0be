package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// notice is a line of the input.
type notice struct {
	ID      string `json:"id"`
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// answer is a line of the output.
type answer struct {
	ID      string `json:"id,omitempty"`
	To      string `json:"to"`
	Outcome string `json:"outcome"`
	Reply   string `json:"reply,omitempty"`
	Error   string `json:"error,omitempty"`
}

var (
	errStopped = errors.New("stopped before the end of the input")
	errGrace   = errors.New("stopped, and -grace is over")
)

// send sends what is on in, and says on out what became of each. When ctx ends,
// nothing more is begun. The status is that of all. The error is that of the
// input, the output, or the arguments.
func (o *options) send(ctx context.Context, in io.Reader, out io.Writer, show *progress) (status int, err error) {
	p, err := pool.New(o.pool)
	if err != nil {
		return statusUsage, err
	}
	defer p.Close(context.Background()) // all messages have an outcome by then: it takes no longer than QUIT
	defer show.end()
	intake, stop := context.WithCancel(ctx)
	defer stop()
	work, done := linger(intake, o.grace)
	defer done()

	book := &book{out: json.NewEncoder(out), show: show, relay: relay{say: show.say}}
	watching, told := context.WithCancel(context.WithoutCancel(ctx))
	var watcher sync.WaitGroup
	watcher.Go(func() { book.watch(watching, p) })
	notices := make(chan notice)
	var workers sync.WaitGroup
	for range o.jobs {
		workers.Go(func() {
			for n, ok := next(intake, notices); ok; n, ok = next(intake, notices) {
				if !book.note(o.one(work, p, n)) {
					stop() // send no more if the results cannot be reported
				}
			}
		})
	}
	err = read(intake, in, notices)
	workers.Wait()
	told()
	watcher.Wait()
	return book.status, errors.Join(err, book.err)
}

// linger returns a context that ends some time after ctx.
func linger(ctx context.Context, grace time.Duration) (work context.Context, done func()) {
	work, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, func() { cut(errGrace) }) })
	return work, func() { cut(nil) }
}

// next returns the next notice, unless there is none or ctx has ended.
func next(ctx context.Context, notices <-chan notice) (n notice, ok bool) {
	select {
	case n, ok = <-notices:
	case <-ctx.Done():
	}
	return n, ok
}

// read takes notices from in until its end or that of ctx. What reads from in may
// be waiting for a line then, and is left behind: nothing can call it back.
func read(ctx context.Context, in io.Reader, notices chan<- notice) error {
	end := make(chan error, 1)
	go func() {
		for lines := json.NewDecoder(in); ; {
			var n notice
			if err := lines.Decode(&n); err != nil {
				end <- err
				close(notices)
				return
			}
			select {
			case notices <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	select {
	case err := <-end:
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	case <-ctx.Done():
		return errStopped
	}
}

// one sends one message.
func (o *options) one(ctx context.Context, p *pool.Pool, n notice) answer {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	receipt, err := p.Send(ctx, n.envelope(o.from), strings.NewReader(n.message(o.from)))
	a := answer{ID: n.ID, To: n.To}
	var failed *smtpconn.SendError
	switch {
	case err == nil:
		a.Outcome, a.Reply = "sent", receipt.Reply
	case errors.Is(err, smtpconn.InDoubt):
		a.Outcome, a.Error = "in doubt", err.Error()
	case errors.As(err, &failed):
		a.Outcome, a.Error = failed.Outcome.Error(), err.Error()
	}
	return a
}

// book writes the answers. Each is written at once, so that a crash takes none
// that was given.
type book struct {
	mu     sync.Mutex
	out    *json.Encoder
	show   *progress
	relay  relay
	status int
	err    error
}

// note writes an answer and reports whether that went well.
func (b *book) note(a answer) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch a.Outcome {
	case "sent":
	case "in doubt":
		b.status = statusInDoubt
	default:
		b.status = max(b.status, statusFailed)
	}
	if err := b.out.Encode(a); b.err == nil {
		b.err = err
	}
	b.show.add(a.Outcome)
	return b.err == nil
}
