package outbox_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// answers returns replies by the beginning of a command. A reply that begins with "1:" is
// said once.
func answers(replies map[string]string) func(command, usual string) string {
	return func(command, usual string) string {
		for prefix, reply := range replies {
			if !strings.HasPrefix(command, prefix) {
				continue
			}
			if once, ok := strings.CutPrefix(reply, "1:"); ok {
				delete(replies, prefix)
				return once
			}
			return reply
		}
		return usual
	}
}

func row24(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(answers(map[string]string{"RCPT TO:<b@": "1:451 4.2.0 later", "RCPT TO:<c@": "550 5.1.1 unknown"}))
		b := open(t, newDir(t), outbox.Config{}, s)
		b.mustPut("m1", "a@mail.test", "b@mail.test", "c@mail.test")
		wait(time.Second)
		b.expect("m1 a@mail.test: accepted", "m1 c@mail.test: smtpconn: message refused: rcpt: <c@mail.test>: 550 5.1.1 unknown")
		b.drain()
		if s.said("RCPT TO:<a@") != 1 || s.said("RCPT TO:<b@") != 2 || s.said("RCPT TO:<c@") != 1 || s.said("MAIL") != 2 {
			t.Errorf("%q", s.commands)
		}
		if r := b.results[2]; len(b.results) != 3 || r.Recipient != "b@mail.test" || r.Attempts != 2 || r.Err != nil {
			t.Errorf("%+v", b.results)
		}
		expectTaken(t, s, "m1 a@mail.test", "m1 b@mail.test")
		b.close()
	})
}

func row25(t *testing.T) {
	refusedC := "m1 c@mail.test: smtpconn: message refused: rcpt: <c@mail.test>: 550 5.1.1 unknown"
	for reply, want := range map[string][]string{
		"451 4.3.0 later": nil,
		"421 4.3.2 bye":   nil,
		"552 5.2.2 full": {
			"m1 a@mail.test: smtpconn: message refused: end: 552 5.2.2 full", "m1 b@mail.test: smtpconn: message refused: end: 552 5.2.2 full", refusedC},
		"": {refusedC, "m1 a@mail.test: doubt", "m1 b@mail.test: doubt"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.set(answers(map[string]string{"RCPT TO:<c@": "550 5.1.1 unknown", ".": "1:" + reply}))
			b := open(t, newDir(t), outbox.Config{}, s)
			b.mustPut("m1", "a@mail.test", "b@mail.test", "c@mail.test")
			wait(10 * time.Second)
			if want == nil {
				want = []string{refusedC}
				if got := b.Stats().Waiting; got != 2 {
					t.Errorf("%s: %d wait", reply, got)
				}
				b.expect(want...)
				b.drain()
				expectTaken(t, s, "m1 a@mail.test", "m1 b@mail.test")
			} else {
				wait(7 * 24 * time.Hour)
				b.expect(want...)
				if s.said("MAIL") != 1 {
					t.Errorf("%s: sent %d times", reply, s.said("MAIL"))
				}
			}
			b.close()
		})
	}
}

func row26(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newServer(), newServer()
		first.setDown(errRefused)
		b := open(t, newDir(t), outbox.Config{}, first, second)
		b.mustPut("m1", "ann@mail.test")
		b.drain()
		expectTaken(t, first)
		expectTaken(t, second, "m1 ann@mail.test")
		if r := b.results[0]; r.Relay != 1 || r.Attempts != 1 || r.MaybeTwice {
			t.Errorf("%+v", r)
		}
		if down := b.Stats().Relays[0].Down; down == nil || !strings.Contains(down.Error(), "connection refused") || b.Stats().Relays[1].Down != nil {
			t.Errorf("%v", down)
		}
		b.close()
	})
}

func row27(t *testing.T) {
	for name, c := range map[string]struct {
		replies map[string]string
		waits   int
		told    string
	}{
		"550":      {map[string]string{"RCPT": "550 5.1.1 unknown"}, 0, "m1 ann@mail.test: smtpconn: message refused: rcpt: <ann@mail.test>: 550 5.1.1 unknown"},
		"451":      {map[string]string{"RCPT": "451 4.2.0 later"}, 1, ""},
		"no reply": {map[string]string{".": ""}, 0, "m1 ann@mail.test: doubt"},
	} {
		synctest.Test(t, func(t *testing.T) {
			first, second := newServer(), newServer()
			first.set(answers(c.replies))
			b := open(t, newDir(t), outbox.Config{}, first, second)
			b.mustPut("m1", "ann@mail.test")
			wait(24 * time.Hour)
			if b.told() != c.told || b.Stats().Waiting != c.waits || second.dials > 0 {
				t.Errorf("%s: told %q, %+v, %d dials of the second", name, b.told(), b.Stats(), second.dials)
			}
			if c.waits > 0 { // for the first
				first.set(nil)
				b.drain()
				expectTaken(t, first, "m1 ann@mail.test")
			}
			b.close()
		})
	}
}

func row28(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := newServer()
		password := &outage{err: &pool.DownError{Err: &dial.Error{Phase: dial.PhaseAuth, Err: errors.New("535 5.7.8 wrong password")}}}
		b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{password}, Expire: time.Hour}, second)
		second.setDown(errRefused)
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test")
		wait(3 * 24 * time.Hour)
		b.expect() // held, and not given up, for a password
		if down := b.Stats().Relays[0].Down; down == nil {
			t.Error("it is not shown")
		}
		second.setDown(nil)
		b.drain()
		b.expect("m1 ann@mail.test: accepted")
		expectTaken(t, second, "m1 ann@mail.test")
		b.close()
	})
}

// outage is a relay that is down.
type outage struct{ err error }

func (o *outage) Send(context.Context, smtpconn.Envelope, io.ReadSeeker) (*smtpconn.Receipt, error) {
	down := *o.err.(*pool.DownError)
	down.Since, down.Next = time.Now(), time.Now().Add(time.Hour)
	return nil, &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseConnect, Err: &down}
}

func (o *outage) Close(context.Context) error { return nil }

func row29(t *testing.T) {
	for _, end := range []string{"resend", "give up"} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.set(answers(map[string]string{".": "1:"}))
			b := open(t, newDir(t), outbox.Config{}, s)
			b.mustPut("m1", "ann@mail.test")
			wait(7 * 24 * time.Hour)
			b.expect("m1 ann@mail.test: doubt")
			if stats := b.Stats(); stats.InDoubt != 1 || stats.Oldest.IsZero() || len(b.Doubtful()) != 1 || s.said("MAIL") != 1 {
				t.Errorf("%+v, %v", stats, b.Doubtful())
			}
			first := s.contents["m1"]
			if err := b.Resend(t.Context(), "m2"); !errors.Is(err, outbox.ErrNoMessage) {
				t.Error(err)
			}
			if end == "resend" {
				if err := b.Resend(t.Context(), "m1"); err != nil {
					t.Error(err)
				}
				b.drain()
				if r := b.results[0]; r.Err != nil || !r.MaybeTwice || r.Attempts != 2 || s.total() != 2 || s.contents["m1"] != first {
					t.Errorf("%+v, %v", r, s.taken())
				}
			} else {
				if err := b.GiveUp(t.Context(), "m1"); err != nil {
					t.Error(err)
				}
				b.drain()
				if r := b.results[0]; !errors.Is(r.Err, outbox.ErrGivenUp) || !errors.Is(r.Err, smtpconn.InDoubt) || s.total() != 1 {
					t.Errorf("%+v, %v", r, s.taken())
				}
			}
			if err := b.GiveUp(t.Context(), "m1"); !errors.Is(err, outbox.ErrNoMessage) || len(contents(t, b.dir)) > 0 {
				t.Error(err)
			}
			b.close()
		})
	}
}

func row30(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newServer(), newServer()
		first.set(answers(map[string]string{".": "1:"}))
		b := open(t, newDir(t), outbox.Config{ResendInDoubt: true}, first, second)
		b.mustPut("m1", "ann@mail.test")
		wait(20 * time.Second)
		if b.Stats().Waiting != 1 || first.said("MAIL") != 1 {
			t.Errorf("%+v", b.Stats())
		}
		first.setDown(errRefused) // never another relay
		wait(10 * time.Hour)
		expectTaken(t, second)
		first.setDown(nil)
		b.drain()
		if r := b.results[0]; len(b.results) != 1 || r.Err != nil || !r.MaybeTwice || r.Attempts < 2 || len(b.doubts) > 0 {
			t.Errorf("%+v", b.results)
		}
		if first.total() != 2 {
			t.Errorf("%v", first.taken())
		}
		b.close()
	})
}

func row31(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(answers(map[string]string{"RCPT": "451 4.2.0 later"}))
		b := open(t, newDir(t), outbox.Config{Expire: time.Hour}, s)
		b.mustPut("m1", "ann@mail.test")
		wait(59 * time.Minute)
		b.expect()
		wait(2 * time.Hour)
		if r := b.results[0]; len(b.results) != 1 || !errors.Is(r.Err, outbox.ErrExpired) || !strings.Contains(r.Err.Error(), "451 4.2.0 later") {
			t.Errorf("%+v", b.results)
		}
		var dot chan bool = make(chan bool)
		s.set(func(c, usual string) string {
			if c == "." {
				<-dot
			}
			return usual
		})
		b.mustPut("m2", "ann@mail.test")
		wait(9 * time.Minute)
		close(dot)
		b.drain()
		if r := b.results[1]; r.Err != nil || r.ID != "m2" {
			t.Errorf("%+v", r)
		}
		b.close()
	})
	synctest.Test(t, func(t *testing.T) { // a relay that cannot be reached
		s := newServer()
		s.setDown(errRefused)
		b := open(t, newDir(t), outbox.Config{}, s)
		b.mustPut("m1", "ann@mail.test")
		wait(119 * time.Hour)
		b.expect()
		wait(2 * time.Hour)
		if r := b.results[0]; !errors.Is(r.Err, outbox.ErrExpired) || !strings.Contains(r.Err.Error(), "refused") {
			t.Errorf("%+v", b.results)
		}
		b.close()
	})
}

func row35(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(answers(map[string]string{".": "-"}))
		b := open(t, newDir(t), outbox.Config{}, s)
		b.mustPut("m1", "ann@mail.test")
		wait(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || strings.Count(err.Error(), "deadline exceeded") != 1 || time.Since(begin) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
		s.set(nil)
		b = open(t, b.dir, outbox.Config{}, s)
		b.drain()
		b.expect("m1 ann@mail.test: doubt")
		b.close()
	})
}

func row39(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newServer(), newServer()
		first.caps = "8BITMIME"
		second.caps = "8BITMIME;REQUIRETLS"
		b := open(t, newDir(t), outbox.Config{}, first, second)
		e, content := mail("m1", "ann@mail.test")
		e.Mail = &smtp.MailOptions{RequireTLS: true}
		if err := b.Put(t.Context(), "m1", e, content); err != nil {
			t.Fatal(err)
		}
		wait(24 * time.Hour)
		if s := b.Stats(); s.Waiting != 1 || first.said("MAIL")+second.said("MAIL") > 0 || s.Relays[0].NotSent < 2 || s.Relays[1].NotSent < 2 {
			t.Errorf("%+v", s)
		}
		wait(5 * 24 * time.Hour)
		if r := b.results[0]; !errors.Is(r.Err, outbox.ErrExpired) || !strings.Contains(r.Err.Error(), "REQUIRETLS") {
			t.Errorf("%+v", r)
		}
		b.close()
	})
	synctest.Test(t, func(t *testing.T) { // an extension that the second offers
		first, second := newServer(), newServer()
		second.caps += ";DSN"
		b := open(t, newDir(t), outbox.Config{}, first, second)
		e, content := mail("m1", "ann@mail.test")
		e.Mail = &smtp.MailOptions{Return: smtp.DSNReturnFull}
		if err := b.Put(t.Context(), "m1", e, content); err != nil {
			t.Fatal(err)
		}
		b.drain()
		expectTaken(t, second, "m1 ann@mail.test")
		expectTaken(t, first)
		b.close()
	})
}
