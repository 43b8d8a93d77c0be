package imapwatch_test

import (
	"context"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/policy"
)

// TestCost watches many accounts in one process, each over a connection of its own, and
// logs what each takes, beside go-imap's client in IDLE. Both figures hold the server's side.
// MAILCONN_FULL makes it 500.
func TestCost(t *testing.T) {
	n := 50
	if os.Getenv("MAILCONN_FULL") != "" {
		n = 500
	}
	g, b := cost(t, n, watchOne)
	rawG, rawB := cost(t, n, idleOne)
	t.Logf("each of %d: %.1f goroutines and %d KiB; go-imap alone: %.1f goroutines and %d KiB",
		n, float64(g)/float64(n), b/int64(n)>>10, float64(rawG)/float64(n), rawB/int64(n)>>10)
	if g > rawG+2*n+10 {
		t.Errorf("%d goroutines for %d watches, go-imap alone has %d", g, n, rawG)
	}
}

// cost runs so many of a program, and returns what they take when all are in IDLE.
func cost(t *testing.T, n int, program func(context.Context, *dialtest.Server) error) (goroutines int, bytes int64) {
	ready := make(chan struct{}, n)
	srv, err := dialtest.NewServer(dialtest.Config{
		Protocol: policy.IMAP, Implicit: true, Mailbox: []string{letter(1)},
		Rules: []dialtest.Rule{{At: "idling", Do: func(string) { ready <- struct{}{} }}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	before, heap := runtime.NumGoroutine(), inUse()
	for range n {
		all.Go(func() {
			if err := program(ctx, srv); err != nil {
				t.Error(err)
				cancel() // or the others would be waited for
			}
		})
	}
	for range n {
		select {
		case <-ready:
		case <-ctx.Done():
			return 0, 0
		}
	}
	return runtime.NumGoroutine() - before, inUse() - heap
}

// inUse returns the bytes of the heap and of stacks.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// watchOne is a watch that goes on until ctx ends.
func watchOne(ctx context.Context, srv *dialtest.Server) error {
	return imapwatch.Run(ctx, imapwatch.Config{
		Endpoint: srv.Endpoint(policy.ImplicitTLS),
		Options: &imapconn.Options{
			Dialer: &dial.Dialer{TLSConfig: srv.ClientConfig()},
			Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret")},
		},
		Positions: newMemory(),
		Handle:    func(context.Context, *imapconn.Client, imapwatch.Change) error { return nil },
	})
}

// idleOne is go-imap's client, in an IDLE that goes on until ctx ends.
func idleOne(ctx context.Context, srv *dialtest.Server) error {
	c, err := imapclient.DialTLS(srv.Addr(), &imapclient.Options{TLSConfig: srv.ClientConfig()})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login("user", "secret").Wait(); err != nil {
		return err
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		return err
	}
	if _, err := c.Idle(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
