package imapconn_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// begin opens an authenticated session in a bubble.
func begin(t *testing.T, theatre *scripttest.Theatre, ctx context.Context, lines string, o imapconn.Options) (*imapconn.Client, *scripttest.Show) {
	t.Helper()
	show := theatre.Play(t, policy.IMAP, policy.ImplicitTLS, inside(lines))
	conn, err := theatre.Dialer().NewConn(ctx, show.Client, show.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	o.Auth = password()
	c, err := imapconn.New(ctx, conn, &o)
	if err != nil {
		t.Fatal(err)
	}
	return c, show
}

// A server that no longer answers ends a command within ReplyTimeout, and Err
// says why.
func TestDeadPeerEndsACommand(t *testing.T) {
	theatre := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		c, show := begin(t, theatre, t.Context(), "C: NOOP\nHANG", imapconn.Options{ReplyTimeout: time.Minute})
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
		show.Record()
	})
}

// IDLE outlives every limit of the dial and of replies; the dial's context has
// no effect any more.
func TestIdleOutlivesAllLimits(t *testing.T) {
	theatre := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, show := begin(t, theatre, ctx, "C: IDLE\nS: + idling\nC: DONE\nS: <tag> OK done", imapconn.Options{ReplyTimeout: time.Minute})
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
		show.Record()
	})
}

// Abort ends a pending command at once, from another goroutine; without a
// ReplyTimeout nothing else does.
func TestAbort(t *testing.T) {
	theatre := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		show := theatre.Play(t, policy.IMAP, policy.ImplicitTLS, inside("C: NOOP\nHANG"))
		d := theatre.Dialer()
		d.NetDialer = given{show}
		c, err := imapconn.Dial(t.Context(), show.Endpoint, &imapconn.Options{Dialer: d, ReplyTimeout: -1})
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
		show.Record()
		if c.Err() != nil {
			t.Errorf("our own closing is no error: %v", c.Err())
		}
	})
}

// One budget for dial and authentication.
func TestOneBudget(t *testing.T) {
	theatre := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		show := theatre.Play(t, policy.IMAP, policy.ImplicitTLS, inside("DRIP\n"+listing+"C: AUTHENTICATE *\nHANG"))
		d := theatre.Dialer()
		d.NetDialer, d.Timeout = given{show}, 20*time.Minute
		begin := time.Now()
		_, err := imapconn.Dial(t.Context(), show.Endpoint, &imapconn.Options{Dialer: d, Auth: password()})
		var e *dial.Error
		if !errors.As(err, &e) || e.Phase != dial.PhaseAuth || !e.Timeout() || time.Since(begin) != 20*time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		show.Record()
	})
}

// Cancelling New in the middle of authentication returns at once.
func TestCancelNew(t *testing.T) {
	theatre := scripttest.New(t)
	for phase, lines := range map[dial.Phase]string{
		dial.PhaseCapability: "S: * OK ready\nC: CAPABILITY\nHANG",
		dial.PhaseAuth:       listing + "C: AUTHENTICATE *\nHANG",
	} {
		synctest.Test(t, func(t *testing.T) {
			show := theatre.Play(t, policy.IMAP, policy.ImplicitTLS, inside(lines))
			conn, err := theatre.Dialer().NewConn(t.Context(), show.Client, show.Endpoint)
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
			show.Record()
		})
	}
}
