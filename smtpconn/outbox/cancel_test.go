package outbox_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// Cancel takes back what waits, and nothing that is being sent or has been. The id of a
// message that was sent to some is kept, and that of another is free.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &sends{f: func(_ int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			time.Sleep(time.Second)
			if err := e.BeforeEnd(ctx); err != nil {
				return nil, err
			}
			r := &smtpconn.Receipt{Reply: "2.0.0 queued"}
			for _, to := range e.To {
				if to == "bob@mail.test" {
					r.Refused = later()
				} else {
					r.Accepted = append(r.Accepted, to)
				}
			}
			return r, nil
		}}
		b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{relay}, Workers: 1, RetryDelay: time.Minute})
		b.start(outbox.SystemCalls())
		b.mustPut("both", "ann@mail.test", "bob@mail.test")
		b.mustPut("bob's", "bob@mail.test")
		wait(time.Second / 2)
		if err := b.Cancel(t.Context(), "both"); !errors.Is(err, outbox.ErrUnderWay) {
			t.Errorf("while it is sent: %v", err)
		}
		wait(10 * time.Second)
		for _, id := range []string{"both", "bob's"} {
			if err := b.Cancel(t.Context(), id); err != nil {
				t.Errorf("%s: %v", id, err)
			}
			if err := b.Cancel(t.Context(), id); !errors.Is(err, outbox.ErrNoMessage) {
				t.Errorf("%s, again: %v", id, err)
			}
		}
		attempts := relay.attempt
		b.close()
		b.start(outbox.SystemCalls())
		wait(24 * time.Hour)
		b.expect("both ann@mail.test: accepted")
		if s := b.Stats(); relay.attempt != attempts || s.Messages != 0 || len(contents(t, b.dir)) != 0 {
			t.Errorf("%d attempts, then %d; %+v", attempts, relay.attempt, s)
		}
		if err := b.put("both", "cyd@mail.test"); !errors.Is(err, outbox.ErrConflict) {
			t.Errorf("the id of a message that was sent: %v", err)
		}
		if err := b.put("bob's", "cyd@mail.test"); err != nil {
			t.Errorf("the id of a message that was not: %v", err)
		}
		b.drain()
		b.expect("both ann@mail.test: accepted", "bob's cyd@mail.test: accepted")
		b.close()
	})
}
