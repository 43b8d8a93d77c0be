package outbox_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// few has a server take a number of recipients in a transaction, and say so in its reply
// to a command. The recipients of g.test are greylisted for an hour.
func few(s *server, most int, at, reply string) {
	n, since := 0, time.Now()
	s.set(func(command, usual string) string {
		switch {
		case strings.HasPrefix(command, "MAIL"):
			n = 0
		case strings.HasSuffix(command, "@g.test>") && time.Since(since) < time.Hour:
			return "451 4.7.1 greylisted"
		case strings.HasPrefix(command, "RCPT"):
			n++
		}
		if strings.HasPrefix(command, at) && n > most {
			return reply
		}
		return usual
	})
}

// addresses returns n recipients, every tenth of another domain.
func addresses(n int) (list []string) {
	for i := range n {
		domain := "mail.test"
		if i%10 == 0 {
			domain = fmt.Sprintf("mail%d.test", i/100)
		}
		list = append(list, fmt.Sprintf("r%d@%s", i, domain))
	}
	return list
}

// A message with more recipients than a server takes at once is sent to all of them, each
// once, without the delays of messages that are tried again.
func TestMoreRecipientsThanTaken(t *testing.T) {
	for name, c := range map[string]struct {
		caps, at, reply string
		said            int // RCPT, at most
	}{
		"RCPT, 452 4.5.3":     {at: "RCPT", reply: "452 4.5.3 Too many recipients", said: 1900},
		"RCPT, 452":           {at: "RCPT", reply: "452 Too many recipients", said: 1900},
		"RCPT, 552":           {at: "RCPT", reply: "552 too many recipients", said: 1900},
		"RCPT, 550 5.5.3":     {at: "RCPT", reply: "550 5.5.3 limit reached", said: 1900},
		"DATA, 452 4.5.3":     {at: "DATA", reply: "452 4.5.3 Too many recipients", said: 3000},
		"DATA, 554 5.5.3":     {at: "DATA", reply: "554 5.5.3 Too many recipients", said: 3000},
		"the end, 552 5.5.3":  {at: ".", reply: "552 5.5.3 Too many recipients", said: 3000},
		"RCPTMAX":             {caps: ";LIMITS RCPTMAX=100", at: "RCPT", reply: "550 5.7.1 no", said: 1000},
		"RCPTDOMAINMAX":       {caps: ";LIMITS RCPTDOMAINMAX=4", at: "never", said: 1000},
		"RCPTMAX and MAILMAX": {caps: ";LIMITS MAILMAX=1 RCPTMAX=100", at: "RCPT", reply: "550 5.7.1 no", said: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.caps += c.caps
				few(s, 100, c.at, c.reply)
				b := open(t, newDir(t), outbox.Config{}, s)
				to := addresses(1000)
				b.mustPut("m1", to...)
				wait(10 * time.Second)
				if results, _ := b.count(); results != len(to) || b.Stats().Waiting > 0 {
					t.Fatalf("%d told, %+v", results, b.Stats())
				}
				taken := s.taken()
				for i, r := range b.results {
					if n := taken["m1 "+r.Recipient]; r.Err != nil || r.MaybeTwice || n != 1 {
						t.Fatalf("%d: %+v, taken %d times", i, r, n)
					}
				}
				if n := s.said("RCPT"); n > c.said {
					t.Errorf("RCPT was said %d times", n)
				}
				b.close()
			})
		})
	}
}

// A recipient that is refused as one too many when it is alone has its end, and one that is
// refused for another reason waits as ever, while others are sent to at once.
func TestTooManyAndOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		few(s, 0, "RCPT", "552 5.5.3 too many recipients")
		b := open(t, newDir(t), outbox.Config{}, s)
		b.mustPut("m1", "ann@mail.test", "bob@mail.test")
		b.drain()
		for _, r := range b.results {
			if r.Err == nil || !strings.Contains(r.Err.Error(), "552 5.5.3") {
				t.Errorf("%+v", r)
			}
		}
		if n := s.said("MAIL"); len(b.results) != 2 || n != 3 {
			t.Errorf("%d attempts, %d told", n, len(b.results))
		}
		b.close()
	})
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		few(s, 10, "RCPT", "452 4.5.3 too many recipients")
		b := open(t, newDir(t), outbox.Config{}, s)
		b.mustPut("m1", append([]string{"a@g.test", "b@g.test"}, addresses(100)...)...)
		wait(10 * time.Second)
		if n := s.said("RCPT TO:<a@g"); n != 1 || b.Stats().Waiting != 2 {
			t.Errorf("asked %d times, %+v", n, b.Stats())
		}
		b.drain()
		if n := s.said("RCPT TO:<a@g"); s.total() != 102 || n > 9 {
			t.Errorf("asked %d times, %d taken", n, s.total())
		}
		b.close()
	})
}
