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

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// What one relay can never take waits for another that is down, or has failed, for now.
func TestRefusedByOneOfTwo(t *testing.T) {
	for name, first := range map[string]func(*server, bool){
		"down": func(s *server, on bool) {
			s.setDown(map[bool]error{true: errRefused}[on])
		},
		"hangs up": func(s *server, on bool) {
			s.set(answers(map[bool]map[string]string{true: {"RCPT": ""}}[on]))
		},
	} {
		for limit, rcpt := range map[string][]string{
			"SIZE 5":             {"ann@mail.test"},
			"LIMITS RCPTMAX=100": {"ann@mail.test"}, // and content beyond ASCII, without 8BITMIME
		} {
			for _, order := range []string{"first", "last"} {
				synctest.Test(t, func(t *testing.T) {
					large, small := newServer(), newServer()
					small.caps = limit
					servers := []*server{large, small}
					if order == "last" {
						servers = []*server{small, large}
					}
					first(large, true)
					b := open(t, newDir(t), outbox.Config{}, servers...)
					e, _ := mail("m1", rcpt...)
					if err := b.Put(t.Context(), "m1", e, strings.NewReader("Subject: m1\r\n\r\n\u00e9\r\n")); err != nil {
						t.Fatal(err)
					}
					wait(time.Hour)
					if b.Stats().Waiting != 1 {
						t.Fatalf("%s, %s, %s: %s", name, limit, order, b.told())
					}
					first(large, false)
					b.drain()
					b.expect("m1 ann@mail.test: accepted")
					expectTaken(t, large, "m1 ann@mail.test")
					b.close()
				})
			}
		}
	}
	synctest.Test(t, func(t *testing.T) { // neither takes it
		one, other := newServer(), newServer()
		one.caps, other.caps = "SIZE 5", "SIZE 6"
		b := open(t, newDir(t), outbox.Config{}, one, other)
		b.mustPut("m1", "ann@mail.test")
		wait(time.Second)
		if len(b.results) != 1 || !errors.Is(b.results[0].Err, smtpconn.NotSent) {
			t.Errorf("%+v", b.results)
		}
		b.close()
	})
}

// A recipient that a relay has refused is not taken to the next, which is asked for the
// others because the first has hung up. One for the sake of which it has is.
func TestRefusedThenHungUp(t *testing.T) {
	for _, c := range []struct {
		code int
		want string
		said int // RCPT for bob, to the second
	}{
		{550, "m1 ann@mail.test: accepted\nm1 bob@mail.test: smtpconn: message refused: rcpt: <bob@mail.test>: 550 no", 0},
		{451, "m1 ann@mail.test: accepted", 0},
		{421, "m1 ann@mail.test: accepted\nm1 bob@mail.test: accepted", 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			second := newServer()
			first := &sends{f: func(int, context.Context, smtpconn.Envelope) (*smtpconn.Receipt, error) {
				refused := smtpconn.Refusal{Recipient: "bob@mail.test", Reply: &smtp.SMTPError{Code: c.code, Message: "no"}}
				return nil, &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseContent, Refused: []smtpconn.Refusal{refused}, Err: io.EOF}
			}}
			b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{first}}, second)
			b.start(outbox.SystemCalls())
			b.mustPut("m1", "ann@mail.test", "bob@mail.test")
			wait(time.Second)
			b.expect(strings.Split(c.want, "\n")...)
			if n := second.said("RCPT TO:<bob"); n != c.said {
				t.Errorf("%d: the second was asked for bob %d times", c.code, n)
			}
			if c.code == 550 && b.results[1].Relay != 0 {
				t.Errorf("%+v", b.results[1])
			}
			b.close()
		})
	}
}

// What a relay has said that has ended the session is nothing any more when another was asked:
// a recipient that is in doubt there is not sent to again.
func TestHungUpThenInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := newServer()
		second.set(answers(map[string]string{".": ""}))
		first := &sends{f: func(int, context.Context, smtpconn.Envelope) (*smtpconn.Receipt, error) {
			refused := smtpconn.Refusal{Recipient: "bob@mail.test", Reply: &smtp.SMTPError{Code: 421, Message: "bye"}}
			return nil, &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseContent, Refused: []smtpconn.Refusal{refused}, Err: io.EOF}
		}}
		b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{first}}, second)
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test", "bob@mail.test")
		wait(24 * time.Hour)
		b.expect("m1 ann@mail.test: doubt", "m1 bob@mail.test: doubt")
		b.close()
	})
}

// An address that is twice in an envelope is sent to once, and has one result, also if a
// relay takes only some recipients at a time.
func TestSameAddressTwice(t *testing.T) {
	for _, c := range []struct {
		replies map[string]string
		most    int // recipients that the relay takes
		want    []string
	}{
		{nil, 100, []string{"m1 ann@mail.test: accepted", "m1 bob@mail.test: accepted"}},
		{nil, 1, []string{"m1 ann@mail.test: accepted", "m1 bob@mail.test: accepted"}},
		{map[string]string{".": ""}, 100, []string{"m1 ann@mail.test: doubt", "m1 bob@mail.test: doubt"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			asked, taken := 0, 0
			reply := answers(c.replies)
			s.set(func(command, usual string) string {
				if strings.HasPrefix(command, "MAIL") {
					taken = 0
				}
				if strings.HasPrefix(command, "RCPT") {
					if taken++; taken > c.most {
						return "452 4.5.3 too many"
					}
				}
				if strings.HasPrefix(command, "RCPT TO:<ann") {
					if asked++; asked > 1 {
						return "451 4.5.1 I have that one"
					}
				}
				return reply(command, usual)
			})
			b := open(t, newDir(t), outbox.Config{}, s)
			b.mustPut("m1", "ann@mail.test", "bob@mail.test", "ann@mail.test")
			wait(24 * time.Hour)
			b.expect(c.want...)
			expectTaken(t, s, "m1 ann@mail.test", "m1 bob@mail.test")
			b.close()
		})
	}
}

// A recipient that only one relay may be asked for, and that is down, does not keep the
// others waiting for it.
func TestOneWaitsForOneRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := newServer()
		attempts := 0
		first := &sends{f: func(_ int, ctx context.Context, e smtpconn.Envelope) (*smtpconn.Receipt, error) {
			if attempts++; attempts > 1 {
				return (&outage{err: &pool.DownError{Err: errRefused}}).Send(ctx, e, nil)
			}
			if err := e.BeforeEnd(ctx); err != nil {
				return nil, err
			}
			return &smtpconn.Receipt{Refused: later()}, nil // and ann is in doubt
		}}
		b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{first}, ResendInDoubt: true}, second)
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test", "bob@mail.test")
		wait(10 * time.Minute)
		b.expect("m1 bob@mail.test: accepted")
		b.close()
	})
}
