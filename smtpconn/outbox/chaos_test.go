package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// world has two relays that do what relays may do, by chance, and remembers what they took.
type world struct {
	mu    sync.Mutex
	rand  *rand.Rand
	calm  bool
	took  map[string]int // by recipient
	doubt map[string]bool
	told  map[string]outbox.Result
}

type erratic struct {
	*world
	limit int // recipients
}

func (r *erratic) Close(context.Context) error { return nil }

func (w *world) chance(percent int) bool { return !w.calm && w.rand.IntN(100) < percent }

func (r *erratic) Send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	if _, err := io.Copy(io.Discard, content); err != nil {
		return nil, err
	}
	time.Sleep(time.Duration(len(e.To)) * 10 * time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	fail := func(o smtpconn.Outcome, p smtpconn.Phase, reply *smtp.SMTPError, refused []smtpconn.Refusal, err error) error {
		return &smtpconn.SendError{Outcome: o, Phase: p, Reply: reply, Refused: refused, Err: err}
	}
	switch {
	case r.chance(10):
		cause := &dial.Error{Phase: dial.PhaseConnect, Err: errRefused}
		return nil, fail(smtpconn.NotSent, smtpconn.PhaseConnect, nil, nil, &pool.DownError{Since: time.Now(), Next: time.Now().Add(time.Minute), Err: cause})
	case len(e.To) > r.limit && r.chance(50):
		return nil, fail(smtpconn.NotSent, smtpconn.PhaseConfig, nil, nil, &wire.Fault{Err: smtpconn.ErrServerLimits})
	}
	var accepted []string
	var refused []smtpconn.Refusal
	for _, to := range e.To {
		var reply *smtp.SMTPError
		switch {
		case len(accepted) >= r.limit:
			reply = &smtp.SMTPError{Code: []int{452, 552}[r.rand.IntN(2)], Message: "too many recipients"}
		case r.chance(15):
			reply = &smtp.SMTPError{Code: 451, Message: "later"}
		case r.chance(5):
			reply = &smtp.SMTPError{Code: 550, Message: "unknown"}
		default:
			accepted = append(accepted, to)
			continue
		}
		refused = append(refused, smtpconn.Refusal{Recipient: to, Reply: reply})
	}
	switch {
	case len(accepted) == 0:
		return nil, fail(smtpconn.Refused, smtpconn.PhaseRcpt, nil, refused, nil)
	case r.chance(10):
		return nil, fail(smtpconn.NotSent, smtpconn.PhaseContent, nil, refused, io.EOF)
	}
	r.mu.Unlock()
	err := e.BeforeEnd(ctx)
	r.mu.Lock()
	switch {
	case err != nil:
		return nil, fail(smtpconn.NotSent, smtpconn.PhaseEnd, nil, refused, err)
	case r.chance(10):
		reply := &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 5, 3}, Message: "too many recipients"}
		return nil, fail(smtpconn.Refused, smtpconn.PhaseEnd, reply, refused, nil)
	case r.chance(5):
		return nil, fail(smtpconn.Refused, smtpconn.PhaseEnd, &smtp.SMTPError{Code: 554, Message: "spam"}, refused, nil)
	}
	inDoubt := r.chance(10)
	if !inDoubt || r.rand.IntN(2) == 0 {
		for _, to := range accepted {
			r.took[to]++
		}
	}
	if inDoubt {
		for _, to := range accepted {
			r.doubt[to] = true
		}
		return nil, fail(smtpconn.InDoubt, smtpconn.PhaseEnd, nil, refused, io.EOF)
	}
	return &smtpconn.Receipt{Accepted: accepted, Refused: refused}, nil
}

// result is a handler that fails now and then.
func (w *world) result(t *testing.T) func(context.Context, outbox.Result) error {
	return func(_ context.Context, r outbox.Result) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.chance(20) {
			return errNotNow
		}
		if before, again := w.told[r.Recipient]; again {
			t.Errorf("%s was told twice: %+v, %+v", r.Recipient, before, r)
		}
		w.told[r.Recipient] = r
		return nil
	}
}

// Whatever relays do with many recipients, each has one end, and it is true.
func TestChaos(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) { chaos(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func chaos(t *testing.T, seed uint64) {
	w := &world{rand: rand.New(rand.NewPCG(seed, 0)), took: map[string]int{}, doubt: map[string]bool{}, told: map[string]outbox.Result{}}
	relays := []outbox.Relay{&erratic{w, 1 + w.rand.IntN(20)}, &erratic{w, 1 + w.rand.IntN(20)}}
	rnd := rand.New(rand.NewPCG(seed, 1)) // of this goroutine
	cfg := outbox.Config{Relays: relays, ResendInDoubt: rnd.IntN(4) == 0, Result: w.result(t)}
	b := &box{t: t, dir: newDir(t), cfg: cfg}
	b.start(outbox.SystemCalls())
	const messages, recipients = 5, 40
	all, cancelled := map[string]bool{}, map[string]bool{}
	for m := range messages {
		var to []string
		for i := range recipients {
			to = append(to, fmt.Sprintf("m%d-%d@mail.test", m, i))
			all[to[i]] = true
		}
		b.mustPut(fmt.Sprint("m", m), to...)
	}
	for range 20 {
		wait(time.Duration(rnd.IntN(1000)) * time.Second)
		id := fmt.Sprint("m", rnd.IntN(messages))
		switch rnd.IntN(6) {
		case 0:
			b.Resend(t.Context(), id)
		case 1:
			b.GiveUp(t.Context(), id)
		case 2:
			if b.Cancel(t.Context(), id) == nil {
				cancelled[id] = true
			}
		case 3:
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rnd.IntN(500))*time.Millisecond)
			b.Close(ctx)
			cancel()
			b.start(outbox.SystemCalls())
		}
	}
	w.mu.Lock()
	w.calm = true
	w.mu.Unlock()
	for m := range messages {
		b.GiveUp(t.Context(), fmt.Sprint("m", m))
	}
	b.drain()
	if s := b.Stats(); s.InDoubt > 0 || s.Messages > 0 {
		t.Errorf("%+v", s)
	}
	b.close()
	for _, to := range slices.Sorted(maps.Keys(all)) {
		r, told := w.told[to]
		took, id := w.took[to], to[:2]
		switch {
		case !told && !cancelled[id]:
			t.Errorf("%s was not told", to)
		case !told && took > 0 && !w.doubt[to]:
			t.Errorf("%s was cancelled, and taken", to)
		case told && r.Err == nil && took == 0:
			t.Errorf("%s was not taken: %+v", to, r)
		case took > 1 && !w.doubt[to], took > 1 && told && !r.MaybeTwice:
			t.Errorf("%s was taken %d times: %+v", to, took, r)
		case told && r.Err != nil && took > 0 && !w.doubt[to]:
			t.Errorf("%s was taken: %+v", to, r)
		case told && errors.Is(r.Err, outbox.ErrGivenUp) && !w.doubt[to]:
			t.Errorf("%s was given up, and not in doubt: %+v", to, r)
		}
	}
}
