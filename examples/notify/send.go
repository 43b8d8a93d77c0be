package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"

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

// send sends what is on in, and says on out what became of each. The status is
// that of all. The error is that of the input, the output, or the arguments.
func (o *options) send(ctx context.Context, in io.Reader, out io.Writer, show *progress) (status int, err error) {
	p, err := pool.New(o.pool)
	if err != nil {
		return statusUsage, err
	}
	defer p.Close(context.Background()) // all messages have an outcome by then
	defer show.end()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	book := &book{out: json.NewEncoder(out), show: show}
	notices := make(chan notice)
	var workers sync.WaitGroup
	for range o.jobs {
		workers.Go(func() {
			for n := range notices {
				if !book.note(o.one(ctx, p, n)) {
					cancel() // answers that nobody gets are no reason to send more
				}
			}
		})
	}
	err = read(ctx, in, notices)
	close(notices)
	workers.Wait()
	return book.status, errors.Join(err, book.err)
}

// read takes notices from in until its end or that of ctx.
func read(ctx context.Context, in io.Reader, notices chan<- notice) error {
	for lines := json.NewDecoder(in); ; {
		var n notice
		if err := lines.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		select {
		case notices <- n:
		case <-ctx.Done():
			return ctx.Err()
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
