package outbox_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// sends is a relay that is a function: attempt counts from 1.
type sends struct {
	attempt int
	f       func(attempt int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error)
}

func (s *sends) Send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	s.attempt++
	if _, err := io.Copy(io.Discard, content); err != nil {
		return nil, err
	}
	return s.f(s.attempt, ctx, e)
}

func (s *sends) Close(context.Context) error { return nil }

// later is a refusal of bob for now.
func later() []smtpconn.Refusal {
	return []smtpconn.Refusal{{Recipient: "bob@mail.test", Reply: &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "later"}}}
}

// Ends that keep coming do not put off the sync that lets them be told.
func TestEndsAreToldWhileOthersCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.setDown(errRefused)
		b := open(t, newDir(t), outbox.Config{Workers: 1}, s)
		for i := range 100 {
			b.mustPut(fmt.Sprint("m", i), "ann@mail.test")
		}
		wait(time.Second)
		s.set(func(command, usual string) string {
			if strings.HasPrefix(command, "RCPT") {
				time.Sleep(50 * time.Millisecond)
				return "550 5.1.1 unknown"
			}
			return usual
		})
		s.setDown(nil)
		told := 0
		for b.Stats().Waiting > 0 {
			wait(500 * time.Millisecond)
			if stats := b.Stats(); stats.Waiting > 0 && stats.Untold > 20 {
				t.Errorf("%d ends were not told, %d wait", stats.Untold, stats.Waiting)
			}
			told, _ = b.count()
		}
		if told < 50 {
			t.Errorf("%d were told when the last one was refused", told)
		}
		b.close()
	})
}

// A handler hears of no end that is not synced, also if that comes while it is called for
// another recipient.
func TestNothingIsToldUnsynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var syncs, accepted atomic.Int32
		calls := outbox.SystemCalls()
		calls.Sync = func(f *os.File) error { syncs.Add(1); return f.Sync() }
		r := &sends{f: func(attempt int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			if err := e.BeforeEnd(ctx); err != nil {
				return nil, err
			}
			accepted.Store(syncs.Load())
			if attempt == 1 {
				return &smtpconn.Receipt{Accepted: []string{"ann@mail.test"}, Refused: later()}, nil
			}
			return &smtpconn.Receipt{Accepted: e.To}, nil
		}}
		b := &box{t: t, dir: newDir(t)}
		b.cfg = outbox.Config{Relays: []outbox.Relay{r}, Result: func(_ context.Context, r outbox.Result) error {
			if r.Recipient == "ann@mail.test" {
				time.Sleep(5 * time.Minute)
			} else if syncs.Load() == accepted.Load() {
				t.Error("told before it was synced")
			}
			return nil
		}}
		b.start(calls)
		b.mustPut("m1", "ann@mail.test", "bob@mail.test")
		b.drain()
		b.close()
	})
}

// A relay that returns nothing has not sent the message, or that is in doubt.
func TestRelayReturnsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, marks := range []bool{false, true} {
			r := &sends{f: func(_ int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
				if marks {
					return nil, e.BeforeEnd(ctx)
				}
				return nil, nil
			}}
			b := &box{t: t, dir: newDir(t), cfg: outbox.Config{Relays: []outbox.Relay{r}}}
			b.start(outbox.SystemCalls())
			b.mustPut("m1", "ann@mail.test")
			wait(time.Second)
			if s := b.Stats(); (s.InDoubt == 1) != marks || (s.Waiting == 1) == marks {
				t.Errorf("%v: %+v", marks, s)
			}
			b.close()
		}
	})
}

// Resend does not wait for the time at which another recipient is tried again.
func TestResendIsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tried []time.Time
		r := &sends{f: func(attempt int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			tried = append(tried, time.Now())
			if err := e.BeforeEnd(ctx); err != nil {
				return nil, err
			}
			if attempt == 1 {
				return &smtpconn.Receipt{Refused: later()}, nil // which does not name ann
			}
			return &smtpconn.Receipt{Accepted: e.To}, nil
		}}
		b := &box{t: t, dir: newDir(t), cfg: outbox.Config{Relays: []outbox.Relay{r}, RetryDelay: time.Hour}}
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test", "bob@mail.test")
		wait(time.Second)
		if err := b.Resend(t.Context(), "m1"); err != nil {
			t.Fatal(err)
		}
		b.drain()
		b.close()
		if len(tried) < 2 || tried[1].Sub(tried[0]) > time.Minute {
			t.Errorf("tried at %v", tried)
		}
	})
}

// A content that panics leaves nothing behind, and the panic is its caller's.
func TestContentPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, newDir(t), outbox.Config{}, newServer())
		e, _ := mail("m1", "ann@mail.test")
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			b.Put(t.Context(), "m1", e, panics{})
		}()
		if left := contents(t, b.dir); len(left) > 0 {
			t.Errorf("%d contents left", len(left))
		}
		b.mustPut("m1", "ann@mail.test")
		b.drain()
		b.close()
	})
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("no content") }

// With ResendInDoubt a recipient is sent to again whose relay is there, beside one whose
// relay is not in the configuration any more.
func TestResendOfThoseThatCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		doubt := func(ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			if err := e.BeforeEnd(ctx); err != nil {
				return nil, err
			}
			return &smtpconn.Receipt{}, nil // which names no recipient
		}
		first := &sends{f: func(attempt int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			if attempt > 1 {
				return nil, &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseConnect, Err: errRefused}
			}
			r, err := doubt(ctx, e)
			if err == nil {
				r.Refused = later()
			}
			return r, err
		}}
		second := &sends{f: func(_ int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) { return doubt(ctx, e) }}
		b := &box{t: t, dir: newDir(t), cfg: outbox.Config{Relays: []outbox.Relay{first, second}}}
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test", "bob@mail.test")
		wait(time.Hour)
		if s := b.Stats(); s.InDoubt != 2 {
			t.Fatalf("%+v", s)
		}
		b.close()
		var sent []string
		first.f = func(_ int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			sent = append(sent, e.To...)
			return &smtpconn.Receipt{Accepted: e.To}, e.BeforeEnd(ctx)
		}
		b.cfg.Relays, b.cfg.ResendInDoubt = []outbox.Relay{first}, true
		b.start(outbox.SystemCalls())
		wait(time.Hour)
		if s := b.Stats(); s.InDoubt != 1 || len(sent) != 1 || sent[0] != "ann@mail.test" {
			t.Errorf("sent to %v, %+v", sent, s)
		}
		b.close()
	})
}

// A recipient whose end the handler cannot take does not keep those of the others.
func TestOneIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := prepare(t, newDir(t), outbox.Config{}, newServer())
		told := map[string]int{}
		b.cfg.Result = func(_ context.Context, r outbox.Result) error {
			if told[r.Recipient]++; r.Recipient == "ann@mail.test" || r.Recipient == "cyd@mail.test" {
				return errNotNow
			}
			return nil
		}
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test", "bob@mail.test", "cyd@mail.test", "dan@mail.test")
		wait(24 * time.Hour)
		if told["bob@mail.test"] != 1 || told["dan@mail.test"] != 1 || b.Stats().Untold != 2 {
			t.Errorf("%v, %+v", told, b.Stats())
		}
		if n := told["ann@mail.test"] + told["cyd@mail.test"]; n < 20 || n > 60 {
			t.Errorf("the handler was called %d times for what it does not take", n)
		}
		b.close()
	})
}
