package imapconn_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// begin opens an authenticated session in a bubble.
func begin(t *testing.T, player *scripttest.Player, ctx context.Context, lines string, o imapconn.Options) (*imapconn.Client, *scripttest.Session) {
	t.Helper()
	if o.Compress {
		lines = deflating + lines
	}
	session := player.Play(t, policy.IMAP, policy.ImplicitTLS, inside(lines))
	conn, err := player.Dialer().NewConn(ctx, session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	o.Auth = password()
	c, err := imapconn.New(ctx, conn, &o)
	if err != nil {
		t.Fatal(err)
	}
	return c, session
}

// A server that no longer answers ends a command within ReplyTimeout, and Err
// says why.
func TestDeadPeerEndsACommand(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		c, session := begin(t, player, t.Context(), "C: NOOP\nHANG", imapconn.Options{ReplyTimeout: time.Minute})
		begin := time.Now()
		if err := c.Noop().Wait(); err == nil {
			t.Error("answered")
		}
		if took := time.Since(begin); took != time.Minute {
			t.Errorf("took %v", took)
		}
		if !errors.Is(c.Err(), os.ErrDeadlineExceeded) {
			t.Errorf("Err: %v", c.Err())
		}
		c.Close()
		session.Record()
	})
}

// IDLE outlives every limit of the dial and of replies; the dial's context has
// no effect any more.
func TestIdleOutlivesAllLimits(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, session := begin(t, player, ctx, "C: IDLE\nS: + idling\nC: DONE\nS: <tag> OK done", imapconn.Options{ReplyTimeout: time.Minute})
		cancel()
		idle, err := c.Idle()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(26 * time.Minute) // of the bubble's clock; the library renews IDLE after 28
		if err := idle.Close(); err != nil {
			t.Fatal(err)
		}
		if err := idle.Wait(); err != nil {
			t.Error(err)
		}
		time.Sleep(24 * time.Hour)
		if err := c.Noop().Wait(); err != nil {
			t.Error(err)
		}
		if c.Err() != nil {
			t.Error(c.Err())
		}
		c.Close()
		session.Record()
	})
}

// Abort ends a pending command at once, from another goroutine; without a
// ReplyTimeout nothing else does.
func TestAbort(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		session := player.Play(t, policy.IMAP, policy.ImplicitTLS, inside("C: NOOP\nHANG"))
		d := player.Dialer()
		d.NetDialer = session
		c, err := imapconn.Dial(t.Context(), session.Endpoint, &imapconn.Options{Dialer: d, ReplyTimeout: -1})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		defer context.AfterFunc(ctx, func() { c.Abort() })()
		begin := time.Now()
		if err := c.Noop().Wait(); err == nil || time.Since(begin) != 24*time.Hour {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		c.Close()
		session.Record()
		if !errors.Is(c.Err(), net.ErrClosed) {
			t.Errorf("Err: %v", c.Err())
		}
	})
}

// One budget for dial and authentication.
func TestOneBudget(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		session := player.Play(t, policy.IMAP, policy.ImplicitTLS, inside("DRIP\n"+listing+"C: AUTHENTICATE *\nHANG"))
		d := player.Dialer()
		d.NetDialer, d.Timeout = session, 20*time.Minute
		begin := time.Now()
		_, err := imapconn.Dial(t.Context(), session.Endpoint, &imapconn.Options{Dialer: d, Auth: password()})
		var e *dial.Error
		if !errors.As(err, &e) || e.Phase != dial.PhaseAuth || !e.Timeout() || time.Since(begin) != 20*time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		session.Record()
	})
}

// Cancelling New in the middle of authentication returns at once.
func TestCancelNew(t *testing.T) {
	player := scripttest.New(t)
	for phase, lines := range map[dial.Phase]string{
		dial.PhaseCapability: "S: * OK ready\nC: CAPABILITY\nHANG",
		dial.PhaseAuth:       listing + "C: AUTHENTICATE *\nHANG",
	} {
		synctest.Test(t, func(t *testing.T) {
			session := player.Play(t, policy.IMAP, policy.ImplicitTLS, inside(lines))
			conn, err := player.Dialer().NewConn(t.Context(), session.Client, session.Endpoint)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error, 1)
			go func() {
				_, err := imapconn.New(ctx, conn, &imapconn.Options{Auth: password()})
				failed <- err
			}()
			synctest.Wait()
			begin := time.Now()
			cancel()
			err = <-failed
			var e *dial.Error
			if !errors.As(err, &e) || e.Phase != phase || !errors.Is(err, context.Canceled) || time.Since(begin) != 0 {
				t.Errorf("got %v after %v", err, time.Since(begin))
			}
			session.Record()
		})
	}
}

// A session outlives the time of a reply when nothing is due, also if the answer to
// FetchEach came before its command was known to be written.
func TestSilenceAfterFetchEach(t *testing.T) {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Implicit: true, Mailbox: []string{"Subject: x\r\n\r\nx\r\n"}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	synctest.Test(t, func(t *testing.T) {
		for range 100 { // which of the two is first is up to the scheduler
			c, err := imapconn.Dial(t.Context(), server.Endpoint(policy.ImplicitTLS), &imapconn.Options{
				Dialer: &dial.Dialer{TLSConfig: server.ClientConfig(), NetDialer: server.PipeDialer()},
				Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret")},
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Select("INBOX", nil).Wait(); err != nil {
				t.Fatal(err)
			}
			for _, err := range c.FetchEach(t.Context(), imap.UIDSetNum(1), nil) {
				if err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Hour)
			if c.Err() != nil {
				t.Fatal(c.Err())
			}
			c.Close()
		}
	})
}
