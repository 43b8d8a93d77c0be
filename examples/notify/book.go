package main

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// answer is a line of the output, or a response.
type answer struct {
	ID         string `json:"id,omitempty"`
	To         string `json:"to,omitempty"`
	Outcome    string `json:"outcome"`
	Reply      string `json:"reply,omitempty"`
	Error      string `json:"error,omitempty"`
	MaybeTwice bool   `json:"maybe_twice,omitempty"`
}

// book writes the answers. Each is written at once, so that a crash takes none
// that was given.
type book struct {
	failed func() // is called when an answer cannot be written
	screen *screen

	mu     sync.Mutex
	out    *json.Encoder
	status int
	err    error
}

// end answers for the end of a message. Its nil is the acknowledgement: after an error,
// or a crash, the outbox calls it again.
func (b *book) end(_ context.Context, r outbox.Result) error { return b.note(newAnswer(r)) }

// doubt answers for a message in doubt. The outbox holds it.
func (b *book) doubt(_ context.Context, r outbox.Result) { b.note(newAnswer(r)) }

func newAnswer(r outbox.Result) answer {
	a := answer{ID: r.ID, To: r.Recipient, Outcome: outcome(r.Err), Reply: r.Reply, MaybeTwice: r.MaybeTwice}
	if r.Err != nil {
		a.Error = r.Err.Error()
	}
	return a
}

func (b *book) note(a answer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.out.Encode(a)
	if err != nil {
		b.err = err
		b.failed()
		return err
	}
	switch a.Outcome {
	case "sent", "stored", "cancelled":
	default:
		b.status = statusFailed
	}
	b.screen.count(a.Outcome)
	return nil
}
