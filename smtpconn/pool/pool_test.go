package pool_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// bubble runs f with a pool in a bubble, which finds goroutines left behind.
func bubble(t *testing.T, r *relay, c pool.Config, f func(t *testing.T, p *pool.Pool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, open(t, r, c)) })
}

func TestReuse(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{MaxConns: 3}, func(t *testing.T, p *pool.Pool) {
		for range 200 {
			if err := send(t.Context(), p, "r@mail.test"); err != nil {
				t.Fatal(err)
			}
		}
		if r.dials() != 1 || r.took() != 200 {
			t.Errorf("%d dials for %d messages", r.dials(), r.took())
		}
		for _, err := range sendAll(t.Context(), p, 100) {
			if err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		s := p.Stats()
		if r.dials() != 3 || s.Conns != 3 || s.Idle != 3 || s.InFlight != 0 || s.Sent != 300 || s.Dials != 3 {
			t.Errorf("%d dials, %+v", r.dials(), s)
		}
	})
}

// Messages that wait for a connection go as a stream: the envelope of the next
// is there before the answer to the last.
func TestStreams(t *testing.T) {
	r := &relay{}
	r.answer = func(_ int, command, usual string) string {
		if command == "EHLO client.test" {
			time.Sleep(time.Second) // until all are waiting
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
		for _, err := range sendAll(t.Context(), p, 50) {
			if err != nil {
				t.Error(err)
			}
		}
		if r.took() != 50 || r.dials() != 1 || r.turns() > 60 {
			t.Errorf("%d of 50, %d dials, %d turns", r.took(), r.dials(), r.turns())
		}
	})
}

// A connection is closed when it was idle, is old, or has served enough, with
// QUIT and without a Send.
func TestLimits(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{IdleTime: time.Minute}, func(t *testing.T, p *pool.Pool) {
		for _, err := range sendAll(t.Context(), p, 3) {
			if err != nil {
				t.Error(err)
			}
		}
		time.Sleep(59 * time.Second)
		if p.Stats().Idle == 0 {
			t.Error("closed too early")
		}
		time.Sleep(2 * time.Second)
		if s := p.Stats(); s.Conns != 0 || r.said("QUIT") != r.dials() {
			t.Errorf("%+v, %d QUIT", s, r.said("QUIT"))
		}
	})
	r = &relay{}
	bubble(t, r, pool.Config{MessagesPerConn: 10, MaxConns: 2}, func(t *testing.T, p *pool.Pool) {
		sendAll(t.Context(), p, 100)
		synctest.Wait()
		if r.dials() < 10 || r.took() != 100 || r.said("QUIT") < 9 {
			t.Errorf("%d dials, %d messages, %d QUIT", r.dials(), r.took(), r.said("QUIT"))
		}
	})
	r = &relay{}
	bubble(t, r, pool.Config{MaxAge: time.Minute, IdleTime: time.Hour}, func(t *testing.T, p *pool.Pool) {
		for range 4 {
			send(t.Context(), p, "r@mail.test")
			time.Sleep(35 * time.Second)
		}
		if r.dials() != 2 || r.took() != 4 {
			t.Errorf("%d dials, %d messages", r.dials(), r.took())
		}
	})
}

// Connections that died while they were idle cost neither a message nor an
// attempt.
func TestStale(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{MaxConns: 8, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
		for range 2 {
			for i, err := range sendAll(t.Context(), p, 100) {
				if err != nil {
					t.Error(i, err)
				}
			}
			synctest.Wait()
			r.srv.HangUp()
		}
		if r.took() != 200 {
			t.Error(r.took())
		}
	})
}

func TestConfig(t *testing.T) {
	good := dial.Endpoint{Protocol: policy.Submission, Host: "mail.test", Policy: policy.ImplicitTLS}
	if _, err := pool.New(pool.Config{Endpoint: good}); err != nil {
		t.Error(err)
	}
	for want, c := range map[string]pool.Config{
		"pool: Config.Endpoint is not set":                               {},
		"pool: Config.MaxConns is negative":                              {Endpoint: good, MaxConns: -1},
		"pool: Config.IdleTime is negative":                              {Endpoint: good, IdleTime: -1},
		"pool: Config.MaxAge is negative":                                {Endpoint: good, MaxAge: -1},
		"pool: Config.MessagesPerConn is negative":                       {Endpoint: good, MessagesPerConn: -1},
		"pool: Config.RatePerSecond is negative":                         {Endpoint: good, RatePerSecond: -0.1},
		"pool: Config.Burst is negative":                                 {Endpoint: good, Burst: -1},
		"pool: Config.MaxAttempts is negative":                           {Endpoint: good, MaxAttempts: -1},
		"pool: Config.RetryDelay is negative":                            {Endpoint: good, RetryDelay: -1},
		"pool: Config.MaxRetryDelay is negative":                         {Endpoint: good, MaxRetryDelay: -1},
		"pool: Config.MaxRetryDelay is 1m0s, less than RetryDelay, 2m0s": {Endpoint: good, RetryDelay: 2 * time.Minute, MaxRetryDelay: time.Minute},
		"pool: dial: unset mail.test:0 no-tls: config: protocol not set": {Endpoint: dial.Endpoint{Host: "mail.test", Policy: policy.NoTLS}},
	} {
		if _, err := pool.New(c); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, c := range []pool.Config{{RetryDelay: 2 * time.Minute}, {MaxRetryDelay: time.Millisecond}} {
		c.Endpoint = good
		if _, err := pool.New(c); err != nil {
			t.Error(err)
		}
	}
	good.Policy = 0
	if _, err := pool.New(pool.Config{Endpoint: good}); !errors.Is(err, policy.ErrUnset) {
		t.Error(err)
	}
	p, _ := pool.New(pool.Config{Endpoint: dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.NoTLS}})
	//lint:ignore SA1012 that is what is tested
	if _, err := p.Send(nil, smtpconn.Envelope{}, nil); outcome(err) != smtpconn.NotSent {
		t.Error(err)
	}
	if _, err := p.Send(t.Context(), smtpconn.Envelope{}, nil); outcome(err) != smtpconn.NotSent {
		t.Error(err)
	}
}

// REQUIRETLS is not served by a connection that was not verified.
func TestRequireTLS(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{}, func(t *testing.T, p *pool.Pool) {
		e, content := letter("r@mail.test")
		e.Mail = &smtp.MailOptions{RequireTLS: true}
		if _, err := p.Send(t.Context(), e, content); outcome(err) != smtpconn.NotSent || r.said("MAIL") != 0 || p.Stats().Retries != 0 {
			t.Error(err, r.said("MAIL"))
		}
	})
}
