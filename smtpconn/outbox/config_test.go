package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// What is wrong with a Config is found before anything is written.
func TestConfigWrong(t *testing.T) {
	relays := []outbox.Relay{&swallow{}}
	twice, err := pool.New(pool.Config{Endpoint: dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.ImplicitTLS}, RetryInDoubt: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]outbox.Config{
		"no relay":     {},
		"nil":          {Relays: []outbox.Relay{nil}},
		"RetryInDoubt": {Relays: []outbox.Relay{twice}},
		"Expire":       {Relays: relays, Expire: -1},
		"RetryDelay":   {Relays: relays, RetryDelay: -1},
		"Workers":      {Relays: relays, Workers: -1},
		"MaxMessages":  {Relays: relays, MaxMessages: -1},
		"delays":       {Relays: relays, RetryDelay: time.Hour, MaxRetryDelay: time.Minute},
	} {
		dir := newDir(t)
		if _, err := outbox.Open(t.Context(), dir, c); err == nil {
			t.Errorf("%s: no error", name)
		}
		var none context.Context
		if _, err := outbox.Open(none, dir, outbox.Config{Relays: relays}); err == nil {
			t.Errorf("%s: no error without a context", name)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: a directory was made", name)
		}
	}
	private := newDir(t)
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(private)
	if _, err := outbox.Open(t.Context(), "", outbox.Config{Relays: relays}); err == nil {
		t.Error("the outbox is wherever the program runs")
	}
}

// Put takes no more than MaxMessages, also if many call it at once.
func TestMaxMessages(t *testing.T) {
	const most = 10
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.setDown(errRefused)
		b := prepare(t, newDir(t), outbox.Config{MaxMessages: most}, s)
		b.start((&flaky{}).calls())
		var full atomic.Int64
		var callers sync.WaitGroup
		for i := range 50 {
			callers.Go(func() {
				err := b.put(fmt.Sprint("m", i), "ann@mail.test")
				if errors.Is(err, outbox.ErrFull) {
					full.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if n := b.Stats().Messages; n != most || full.Load() != 50-most || len(contents(t, b.dir)) != most {
			t.Errorf("%d messages, %d refused, contents %v", n, full.Load(), contents(t, b.dir))
		}
		b.close()
	})
}

// What may have reached a relay is in doubt if that relay is in the configuration no
// more: it does not wait for ever, and is not sent by another relay by itself.
func TestRelayRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, dir := newServer(), newServer(), newDir(t)
		first.setDown(errRefused)
		second.set(answers(map[string]string{".": "1:"}))
		b := open(t, dir, outbox.Config{ResendInDoubt: true}, first, second)
		b.mustPut("m1", "ann@mail.test")
		wait(10 * time.Second)
		b.close()
		first.setDown(nil)
		for _, resend := range []bool{true, false} {
			b = open(t, dir, outbox.Config{ResendInDoubt: resend}, first)
			wait(10 * 24 * time.Hour)
			b.expect("m1 ann@mail.test: doubt")
			if first.total() > 0 || second.total() != 1 {
				t.Errorf("taken: %v, %v", first.taken(), second.taken())
			}
			if !resend {
				break
			}
			b.close()
		}
		if err := b.Resend(context.Background(), "m1"); err != nil {
			t.Error(err)
		}
		b.drain()
		if r := b.results[0]; r.Err != nil || !r.MaybeTwice || first.total() != 1 {
			t.Errorf("%+v, taken %v", r, first.taken())
		}
		b.close()
	})
}
