package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// send sends what is on in, and says on out what became of each. When ctx ends
// it reads no more, and gives what it has read the time of grace. The status is
// that of all. The error is that of the input, the output, or the arguments.
func (o *options) send(ctx context.Context, in io.Reader, out io.Writer, show *progress) (status int, err error) {
	p, err := pool.New(o.pool)
	if err != nil {
		return statusUsage, err
	}
	defer p.Close(context.Background()) // all messages have an outcome by then
	defer show.end()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	drain, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	context.AfterFunc(ctx, func() { time.AfterFunc(o.grace, cut) })

	book := &book{out: json.NewEncoder(out), show: show}
	notices := make(chan notice)
	var workers sync.WaitGroup
	for range o.jobs {
		workers.Go(func() {
			for n := range notices {
				if !book.note(o.one(drain, p, n)) {
					stop() // answers that nobody gets are no reason to send more
				}
			}
		})
	}
	err = hand(ctx, lines(ctx, in), notices)
	close(notices)
	workers.Wait()
	return book.status, errors.Join(err, book.err)
}

// line is a line of the input, or why there is none.
type line struct {
	notice
	err error
}

// lines reads in until its end or that of ctx; a Read that blocks is left behind.
func lines(ctx context.Context, in io.Reader) <-chan line {
	all := make(chan line)
	go func() {
		for d := json.NewDecoder(in); ; {
			var l line
			l.err = d.Decode(&l.notice)
			select {
			case all <- l:
			case <-ctx.Done():
				return
			}
			if l.err != nil {
				return
			}
		}
	}()
	return all
}

// hand gives the notices of the input to the workers.
func hand(ctx context.Context, all <-chan line, notices chan<- notice) error {
	for {
		select {
		case l := <-all:
			if errors.Is(l.err, io.EOF) {
				return nil
			} else if l.err != nil {
				return l.err
			}
			notices <- l.notice // taken: it gets an answer
		case <-ctx.Done():
			return fmt.Errorf("the input was not read to its end: %w", context.Cause(ctx))
		}
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
	case errors.As(err, &failed) && failed.Outcome == smtpconn.Unknown:
		a.Outcome, a.Error = "unknown", err.Error()
	case errors.As(err, &failed):
		a.Outcome, a.Error = failed.Outcome.String(), err.Error()
	}
	return a
}

// book writes the answers. Each is written at once, so that a crash takes none
// that was given.
type book struct {
	mu     sync.Mutex
	out    *json.Encoder
	show   *progress
	status int
	err    error
}

// note writes an answer and reports whether that went well.
func (b *book) note(a answer) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch a.Outcome {
	case "sent":
	case "unknown":
		b.status = statusUnknown
	default:
		b.status = max(b.status, statusFailed)
	}
	if err := b.out.Encode(a); b.err == nil {
		b.err = err
	}
	b.show.add(a.Outcome)
	return b.err == nil
}
