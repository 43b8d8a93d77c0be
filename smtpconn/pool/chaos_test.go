package pool_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// host is a relay in TLS behind a network, that comes and goes.
type host struct {
	relay
	network   *dialtest.Network
	good, bad tls.Certificate
	mood      atomic.Pointer[string]
	accepted  atomic.Int64
}

func newHost(t *testing.T) (*host, *dialtest.CA) {
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	h := &host{}
	good, err1 := ca.Certificate(dialtest.CertGood)
	bad, err2 := ca.Certificate(dialtest.CertExpired)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	h.good, h.bad = good, bad
	h.feel("well")
	h.answer = h.act
	h.serve(dialtest.Config{
		Implicit: true, NoRecords: true, Rules: []dialtest.Rule{{At: "connect", Choose: h.come}},
		TLS: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if *h.mood.Load() == "impostor" {
				return &h.bad, nil
			}
			return &h.good, nil
		}},
	})
	if h.network, err = dialtest.NewNetwork(h.srv.Addr(), dialtest.Plan{}); err != nil {
		t.Fatal(err)
	}
	return h, ca
}

// come is what the relay does with a connection that has come.
func (h *host) come(dialtest.Moment) dialtest.Rule {
	h.accepted.Add(1)
	if *h.mood.Load() == "half-open" { // accepts, and never says a word
		return dialtest.Rule{End: dialtest.EndStall}
	}
	return dialtest.Rule{}
}

func (h *host) feel(mood string) { h.mood.Store(&mood) }

// act is what the relay does in its moods, one in some of its replies.
func (h *host) act(_ int, command, usual string) string {
	unlucky := len(command)%3 == 0
	switch mood := *h.mood.Load(); {
	case mood == "refusing" && strings.HasPrefix(command, "MAIL"):
		return "451 4.3.0 not now"
	case mood == "slow":
		time.Sleep(20 * time.Millisecond)
	case mood == "dropping" && command[0] == '.' && unlucky:
		return ""
	case mood == "silent" && command[0] == '.' && unlucky:
		return "-"
	}
	return usual
}

func (h *host) up(t *testing.T) {
	if err := h.network.Up(); err != nil {
		t.Fatal(err)
	}
}

// close ends everything.
func (h *host) close() {
	h.network.Close()
	h.srv.Close()
}

// ledger is what the callers were told.
type ledger struct {
	mu   sync.Mutex
	told map[string]string
	last atomic.Int64 // when something was sent
}

func (l *ledger) note(to string, err error) {
	said := "sent"
	if err != nil {
		said = outcome(err).Error()
	} else {
		l.last.Store(time.Now().UnixNano())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told[to] = said
}

const (
	header = "Subject: hello\r\n\r\n"
	line   = ".A line that begins with a dot.\r\n"
)

// linesOf returns how long the nth message of a caller is: most have no line,
// one in sixteen 100 KB and, in the full run, one in 128 of one caller 10 MB.
func linesOf(caller, n int) int {
	full := os.Getenv("MAILCONN_FULL") != ""
	switch {
	case full && caller == 0 && n%128 == 7:
		return 10 << 20 / len(line)
	case n%16 == 5:
		return 100 << 10 / len(line)
	}
	return 0
}

// Whatever the relay goes through: what was sent arrived once, what was not sent
// or refused did not, and only what is in doubt may have or not.
func TestChaos(t *testing.T) {
	phase, text := 300*time.Millisecond, header+strings.Repeat(line, 10<<20/len(line))
	if os.Getenv("MAILCONN_FULL") != "" {
		phase = 4 * time.Second
	}
	h, ca := newHost(t)
	ep, err := dial.ParseEndpoint("smtps://" + h.network.Addr())
	if err != nil {
		t.Fatal(err)
	}
	ep.Protocol, ep.Policy = policy.SMTP, policy.ImplicitTLS
	p, err := pool.New(pool.Config{
		Endpoint: ep, MaxConns: 8, MessagesPerConn: 200, MaxAttempts: 4,
		RetryDelay: 10 * time.Millisecond, MaxRetryDelay: 100 * time.Millisecond, WaitWhileDown: true,
		Options: &smtpconn.Options{
			Dialer:       &dial.Dialer{TLSConfig: ca.ClientConfig(), LocalName: "client.test", Timeout: 200 * time.Millisecond},
			ReplyTimeout: 200 * time.Millisecond,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	book, ctx, stop := &ledger{told: map[string]string{}}, t.Context(), make(chan struct{})
	var callers sync.WaitGroup
	for i := range 32 {
		callers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				limit := 2 * time.Second
				if n%50 == 49 {
					limit = 5 * time.Millisecond
				}
				ctx, cancel := context.WithTimeout(ctx, limit)
				to := fmt.Sprintf("r%d-%d@mail.test", i, n)
				e := smtpconn.Envelope{From: "a@mail.test", To: []string{to}}
				_, err := p.Send(ctx, e, strings.NewReader(text[:len(header)+linesOf(i, n)*len(line)]))
				book.note(to, err)
				cancel()
			}
		})
	}
	for _, mood := range []string{"well", "restarted", "refusing", "killed", "slow", "half-open", "dropping", "impostor", "silent", "cut"} {
		before, begin := h.accepted.Load(), time.Now()
		switch mood {
		case "restarted":
			h.network.Down()
			h.up(t)
		case "killed":
			h.network.Down()
		case "impostor", "half-open":
			h.feel(mood)
			h.network.HangUp()
		case "cut":
			h.network.HangUp()
		default:
			h.feel(mood)
		}
		<-time.After(phase)
		dials := h.accepted.Load() - before
		if mood == "half-open" || mood == "impostor" || mood == "killed" { // at most those under way, some of which a busy machine accepts late, and then a probe each 50 ms
			if most := 3*8 + 5 + int64(time.Since(begin)/(50*time.Millisecond)); dials > most {
				t.Errorf("%s: %d dials, more than %d", mood, dials, most)
			}
		}
		if mood == "killed" {
			h.up(t)
		}
		h.feel("well")
		back := time.Now()
		for book.last.Load() < back.UnixNano() {
			if time.Since(back) > 5*time.Second {
				t.Fatalf("%s: nothing was sent since", mood)
			}
			<-time.After(time.Millisecond)
		}
		t.Logf("%-10s %4d dials, sending again after %v", mood, dials, time.Unix(0, book.last.Load()).Sub(back).Round(time.Millisecond))
	}
	close(stop)
	callers.Wait()
	if err := p.Close(ctx); err != nil {
		t.Error(err)
	}
	h.close()
	audit(t, h, book)
	t.Logf("%+v", p.Stats())
	if s := p.Stats(); s.Conns != 0 || s.InFlight != 0 {
		t.Errorf("left: %+v", s)
	}
}

// audit compares what callers were told with what the relay took.
func audit(t *testing.T, h *host, book *ledger) {
	count := map[string]int{}
	for to, said := range book.told {
		n := h.committed[to]
		count[fmt.Sprintf("%s, committed %d", said, n)]++
		if said == "sent" && n != 1 || (said == "not sent" || said == "refused") && n != 0 || n > 1 {
			t.Errorf("%s: %s, committed %d times", to, said, n)
		}
	}
	for to := range h.committed {
		if book.told[to] == "" {
			t.Errorf("%s was never sent", to)
		}
	}
	t.Log(count)
	if count["sent, committed 1"] == 0 || count["not sent, committed 0"] == 0 {
		t.Error("nothing was put to the test")
	}
}
