package pool_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A message whose dial takes long is sent by a connection that has become idle meanwhile,
// whatever that was busy with. Close waits no longer than that, either.
func TestNoWaitBesideIdle(t *testing.T) {
	for _, busy := range []struct{ at, reply string }{
		{".busy", "250 2.0.0 taken"}, {".busy", "550 5.7.1 no"}, {".busy", "451 4.3.0 not now"},
		{"MAIL", "250 ok"}, {"RCPT TO:<busy", "550 5.1.1 no such user"}, {"DATA", "354 go on"},
	} {
		r := func() *relay {
			return &relay{answer: func(conn int, command, usual string) string {
				switch {
				case conn > 0:
					return "-" // it is never greeted
				case strings.HasPrefix(command, busy.at):
					time.Sleep(time.Second)
					return busy.reply
				}
				return usual
			}}
		}
		t.Run(busy.at+" "+busy.reply, func(t *testing.T) { sendBehind(t, r(), func(*pool.Pool) {}) })
		t.Run(busy.at+" "+busy.reply+", Close", func(t *testing.T) {
			sendBehind(t, r(), func(p *pool.Pool) { p.Close(context.Background()) })
		})
	}
}

// sendBehind sends two messages while a connection is busy with a first, calls a
// function, and wants all three to be answered for soon.
func sendBehind(t *testing.T, r *relay, then func(*pool.Pool)) {
	bubble(t, r, pool.Config{MaxConns: 8, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
		begin := time.Now()
		sent := make(chan error, 3)
		for _, name := range []string{"busy", "second", "third"} {
			go func() { sent <- send(t.Context(), p, name+"@mail.test") }()
			time.Sleep(time.Millisecond)
		}
		then(p)
		for range cap(sent) {
			if err := <-sent; err != nil && outcome(err) != smtpconn.Refused {
				t.Error(err)
			}
		}
		if took := time.Since(begin); took > 5*time.Second || r.committed["second@mail.test"]+r.committed["third@mail.test"] != 2 {
			t.Errorf("took %v; %+v", took, p.Stats())
		}
	})
}

// A dial that is refused for good does not fail a message beside a connection that has
// meanwhile become idle: that carries it.
func TestIdleCarriesWhatADialDoesNot(t *testing.T) {
	refused := 0
	r := withAuth(func(conn int, command, usual string) string {
		switch {
		case strings.HasPrefix(command, "."):
			time.Sleep(time.Second)
		case strings.HasPrefix(command, "AUTH") && conn > 0:
			time.Sleep(20 * time.Second)
			refused++
			return "535 5.7.8 bad"
		}
		return usual
	})
	bubble(t, r, pool.Config{MaxConns: 2, Options: &smtpconn.Options{Auth: login}}, func(t *testing.T, p *pool.Pool) {
		first := make(chan error, 1)
		go func() { first <- send(t.Context(), p, "1@mail.test") }()
		synctest.Wait()
		if err := send(t.Context(), p, "2@mail.test"); err != nil {
			t.Error(err)
		}
		time.Sleep(30 * time.Second)
		if s := p.Stats(); <-first != nil || r.took() != 2 || refused != 1 || s.Idle != 1 {
			t.Errorf("%d messages were taken, %d logins refused; %+v", r.took(), refused, s)
		}
	})
}

// Whatever comes together, no message waits while a connection is idle: dials that take
// long, fail or come to nothing, connections that end, callers who leave.
func TestNoneWaitsBesideIdle(t *testing.T) {
	longOrNot := func() { time.Sleep(rand.N(time.Second) * time.Duration(rand.IntN(2))) }
	r := &relay{
		refuse: func(int) error {
			longOrNot()
			return []error{nil, nil, errNetwork}[rand.IntN(3)]
		},
		answer: func(_ int, command, usual string) string {
			longOrNot()
			switch n := rand.IntN(30); {
			case n == 0:
				return "" // hangs up
			case n < 4 && command != "greeting" && !strings.HasPrefix(command, "EHLO"):
				return "450 4.2.0 not now"
			}
			return usual
		},
	}
	cfg := pool.Config{MaxConns: 6, MessagesPerConn: 7, IdleTime: 3 * time.Second, MaxAge: 20 * time.Second, WaitWhileDown: true}
	bubble(t, r, cfg, func(t *testing.T, p *pool.Pool) {
		var senders sync.WaitGroup
		defer senders.Wait()
		for i := range 12 {
			senders.Go(func() {
				for n := range 30 {
					send(t.Context(), p, fmt.Sprintf("r%d-%d@mail.test", i, n))
					time.Sleep(rand.N(4 * time.Second))
				}
			})
		}
		done, idle, waited := make(chan struct{}), 0, 0
		go func() { senders.Wait(); close(done) }()
		for looking := true; looking; {
			select {
			case <-done:
				looking = false
			case <-time.After(7 * time.Millisecond):
			}
			synctest.Wait()
			s, waiting := p.Stats(), p.Waiting()
			if idle, waited = idle+s.Idle, waited+waiting; s.Idle > 0 && waiting > 0 {
				t.Errorf("%d messages wait beside idle connections: %+v", waiting, s)
				return
			}
		}
		if idle == 0 || waited == 0 {
			t.Errorf("there was nothing to see: %d, %d", idle, waited)
		}
	})
}
