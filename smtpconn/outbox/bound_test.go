package outbox_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// Recipients that are in doubt at two relays are sent to again by that of each, and not
// by one for both.
func TestBoundToTheirRelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var again []string
		relay := func(name string, failing int) *sends {
			return &sends{f: func(attempt int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
				if attempt > 1 && attempt <= failing {
					return nil, &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseConnect, Err: errRefused}
				}
				if err := e.BeforeEnd(ctx); err != nil {
					return nil, err
				}
				if attempt == 1 { // it names ann or bob as little as it can
					r := &smtpconn.Receipt{}
					if slices.Contains(e.To, "ann@mail.test") {
						r.Refused = later()
					}
					return r, nil
				}
				again = append(again, fmt.Sprint(name, e.To))
				return &smtpconn.Receipt{Accepted: e.To, Reply: "2.0.0 queued"}, nil
			}}
		}
		b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{relay("first", 2), relay("second", 1)}})
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test", "bob@mail.test")
		wait(time.Hour)
		if len(b.doubts) != 2 || b.doubts[0].Relay == b.doubts[1].Relay {
			t.Fatalf("in doubt: %+v", b.doubts)
		}
		b.close()
		b.cfg.ResendInDoubt = true
		b.start(outbox.SystemCalls())
		b.drain()
		slices.Sort(again)
		if want := []string{"first[ann@mail.test]", "second[bob@mail.test]"}; !slices.Equal(again, want) {
			t.Errorf("sent again by %v, want %v", again, want)
		}
		b.close()
	})
}

// A relay that is down is asked again after Config.RetryDelay, and not by each message.
func TestDownRelayIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := &sends{f: func(_ int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			return (&outage{err: &pool.DownError{Err: errRefused}}).Send(ctx, e, nil)
		}}
		b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{down, &swallow{}}, Workers: 1, RetryDelay: time.Hour})
		b.start(outbox.SystemCalls())
		for i := range 20 {
			b.mustPut(fmt.Sprint("m", i), "ann@mail.test")
		}
		b.drain()
		if down.attempt != 1 || len(b.results) != 20 {
			t.Errorf("%d attempts, %d results", down.attempt, len(b.results))
		}
		b.close()
	})
}

// What becomes of a message when a relay fails is told by the mark: without it the message
// was not sent, whatever the relay says.
func TestFailureAndMark(t *testing.T) {
	failed := func(o smtpconn.Outcome) error {
		return &smtpconn.SendError{Outcome: o, Phase: smtpconn.PhaseEnd, Err: errNotNow}
	}
	for name, c := range map[string]struct {
		marks bool
		err   error
		doubt bool
	}{
		"not sent, without":  {false, failed(smtpconn.NotSent), false},
		"not sent, with":     {true, failed(smtpconn.NotSent), false},
		"in doubt, without":  {false, failed(smtpconn.InDoubt), false},
		"in doubt, with":     {true, failed(smtpconn.InDoubt), true},
		"any error, without": {false, errNotNow, false},
		"any error, with":    {true, errNotNow, true},
		"no answer, without": {false, nil, false},
		"no answer, with":    {true, nil, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			relay := &sends{f: func(attempt int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
				if attempt == 1 && !c.marks {
					return nil, c.err
				}
				if err := e.BeforeEnd(ctx); err != nil {
					return nil, err
				}
				if attempt == 1 {
					return nil, c.err
				}
				return &smtpconn.Receipt{Accepted: e.To, Reply: "2.0.0 queued"}, nil
			}}
			b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{relay}})
			b.start(outbox.SystemCalls())
			b.mustPut("m1", "ann@mail.test")
			wait(24 * time.Hour)
			if s := b.Stats(); (s.InDoubt == 1) != c.doubt || (relay.attempt == 1) != c.doubt || (len(b.results) == 0) != c.doubt {
				t.Errorf("%s: %d attempts, results %+v, %+v", name, relay.attempt, b.results, s)
			}
			b.close()
		})
	}
}
