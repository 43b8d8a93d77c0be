package imapwatch_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/internal/test/heap"
)

// No two connections are closer than MinDelay, whatever fails and however often Run is
// nudged.
func TestStorm(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		nudge := make(chan struct{})
		f.Nudge, f.MinDelay = nudge, 10*time.Second
		plan := dialtest.Plan{Seed: 1, Refuse: 0.5, Cut: 0.5, Within: 600}
		f.Options.Dialer.NetDialer = plan.Dialer(f)
		f.run(func() {
			for range 2000 {
				select {
				case nudge <- struct{}{}:
				case <-time.After(time.Second):
				}
			}
		})
		for _, gap := range gaps(f.dials) {
			if gap < f.MinDelay {
				t.Fatalf("connections are %v apart", gap)
			}
		}
		if len(f.dials) < 30 {
			t.Errorf("%d connections", len(f.dials))
		}
	})
}

// A mailbox of 200,000 messages, or with less patience of 20,000, is a set: a look at it
// holds no more than that.
func TestLarge(t *testing.T) {
	n := 20_000
	if os.Getenv("MAILCONN_FULL") != "" {
		n = 200_000
	}
	many := slices.Repeat([]string{"\r\nx\r\n"}, n)
	for _, without := range [][]string{nil, plain} {
		watched(t, dialtest.Config{Mailbox: many, Without: without}, func(f *fixture) {
			var held int64
			f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
				held = heap.InUse()
				return f.noted(ctx, client, c)
			}
			before := heap.InUse()
			f.run(func() {
				f.want(fmt.Sprintf("new 1:%d", n))
				f.srv.Expunge(10_000)
				f.want("vanished 10000")
				f.srv.Deliver("\r\ny\r\n")
				f.want(fmt.Sprint("new ", n+1))
			})
			grown := held - before
			if t.Logf("without %v: %d KiB more", without, grown>>10); grown > 512<<10+int64(8*n) {
				t.Errorf("%d bytes more", grown)
			}
			if len(f.saved.texts["INBOX"]) > 60 {
				t.Errorf("the position is %q", f.saved.texts["INBOX"])
			}
		})
	}
}
