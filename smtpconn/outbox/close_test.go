package outbox_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// Close waits for what is under way, whatever the Close of the relays does, and what was
// accepted meanwhile is on disk.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &sends{f: func(_ int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			if err := e.BeforeEnd(ctx); err != nil {
				return nil, err
			}
			time.Sleep(10 * time.Second)
			return &smtpconn.Receipt{Accepted: e.To, Reply: "2.0.0 queued"}, nil
		}}
		b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{relay}})
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test")
		wait(time.Second)
		begin := time.Now()
		b.close()
		if d := time.Since(begin); d != 9*time.Second {
			t.Errorf("closed after %v", d)
		}
		b.start(outbox.SystemCalls())
		b.drain()
		b.expect("m1 ann@mail.test: accepted")
		if relay.attempt != 1 {
			t.Errorf("%d attempts", relay.attempt)
		}
		b.close()
	})
}
