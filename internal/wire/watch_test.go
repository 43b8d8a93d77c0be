package wire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// read reads a byte.
func read(c io.Reader) func() error {
	return func() error {
		_, err := c.Read(make([]byte, 1))
		return err
	}
}

func TestWatchedEndsWithTheCaller(t *testing.T) {
	why := errors.New("why")
	for _, limit := range []time.Duration{0, time.Minute} {
		speak(t, func(t *testing.T, client, server net.Conn) {
			ctx, cancel := context.WithCancelCause(t.Context())
			b, release := wire.NewBudget(ctx, limit)
			defer release()
			time.AfterFunc(time.Second, func() { cancel(why) })
			start := time.Now()
			err := b.Watched(client, read(client))
			if !errors.Is(err, context.Canceled) || !errors.Is(err, why) || time.Since(start) != time.Second {
				t.Errorf("limit %v: ended after %v: %v", limit, time.Since(start), err)
			}
		})
	}
}

// The tighter of the caller's deadline and the limit ends a call.
func TestWatchedEndsWithTheLimit(t *testing.T) {
	for _, callers := range []time.Duration{time.Second, time.Minute} {
		speak(t, func(t *testing.T, client, server net.Conn) {
			ctx, cancel := context.WithTimeout(t.Context(), callers)
			defer cancel()
			const limit = 2 * time.Second
			b, release := wire.NewBudget(ctx, limit)
			defer release()
			start := time.Now()
			err := b.Watched(client, read(client))
			named := err != nil && strings.Contains(err.Error(), "not done within 2s")
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != min(callers, limit) || named != (limit < callers) {
				t.Errorf("caller's %v: ended after %v: %v", callers, time.Since(start), err)
			}
		})
	}
}

func TestWatchedLeavesNothingBehind(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		ctx, cancel := context.WithCancel(t.Context())
		b, release := wire.NewBudget(ctx, time.Second)
		if err := b.Watched(client, func() error { return nil }); err != nil {
			t.Error(err)
		}
		release()
		cancel()
		time.Sleep(time.Minute)
		go io.WriteString(server, "x")
		if err := read(client)(); err != nil {
			t.Errorf("after the budget: %v", err)
		}
	})
}

// The context may end, or the limit, at the moment in which f returns. Either the connection
// stays open and there is no error, or it is closed and the error is that of the context.
func TestWatchedRaces(t *testing.T) {
	var kept []*closer
	var ended int
	cancels := make(chan context.CancelFunc)
	go func() {
		for cancel := range cancels {
			cancel()
		}
	}()
	for i := range 20_000 {
		closed := new(closer)
		ctx, cancel := context.WithCancel(context.Background())
		limit := time.Minute
		if i%2 == 0 {
			limit = time.Duration(i % 5000)
		}
		b, release := wire.NewBudget(ctx, limit)
		err := b.Watched(closed, func() error {
			if i%2 == 1 {
				cancels <- cancel
			}
			for range i % 100 { // a little later each time, to meet the end on its way
				_ = ctx.Value(closed)
			}
			return nil
		})
		switch {
		case err == nil:
			kept = append(kept, closed)
		case i%2 == 1 && errors.Is(err, context.Canceled), i%2 == 0 && errors.Is(err, context.DeadlineExceeded):
			ended++
		default:
			t.Fatal(err)
		}
		release()
		cancel()
	}
	close(cancels)
	for _, c := range kept { // looked at late, for a late Close to be seen
		if c.done.Load() {
			t.Fatal("no error, and the connection was closed")
		}
	}
	t.Logf("%d kept, %d ended", len(kept), ended)
}

// If there is an error the connection is closed, otherwise it works.
func TestWatchedRacesOnAConnection(t *testing.T) {
	for range 500 {
		client, server := net.Pipe()
		ctx, cancel := context.WithCancel(context.Background())
		err := wire.Watched(ctx, client, func() error { go cancel(); return nil })
		<-ctx.Done()
		go io.WriteString(server, "x")
		readErr := read(client)()
		if err == nil && readErr != nil {
			t.Fatalf("kept, but: %v", readErr)
		}
		if err != nil { // it may take a moment, but it will be closed
			if read(client)() == nil {
				t.Fatal("ended, but the connection is open")
			}
		}
		client.Close()
		server.Close()
	}
}

type closer struct{ done atomic.Bool }

func (c *closer) Close() error { c.done.Store(true); return nil }

// late is a context whose end is seen by those who wait for it, and not yet by what runs after
// it.
type late struct{ context.Context }

func (late) Done() <-chan struct{}               { return make(chan struct{}) }
func (late) AfterFunc(func()) (stop func() bool) { return func() bool { return true } }

// An f that sees the end of the context before the watch does fails with its cause, too.
func TestWatchedSeesTheEndFirst(t *testing.T) {
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := wire.Watched(late{ctx}, &closer{}, func() error {
		cancel(why)
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Error(err)
	}
}

func TestContextError(t *testing.T) {
	if err := wire.ContextError(t.Context()); err != nil {
		t.Errorf("live context: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wire.ContextError(ctx); err != context.Canceled {
		t.Errorf("without a cause: %v", err)
	}
}

func TestUnderContext(t *testing.T) {
	failed := errors.New("failed")
	if err := wire.UnderContext(t.Context(), failed); err != failed {
		t.Errorf("live context: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("why")
	cancel(why)
	if err := wire.UnderContext(ctx, nil); err != nil {
		t.Errorf("no error: %v", err)
	}
	if err := wire.UnderContext(ctx, failed); err.Error() != "context canceled: why: failed" || !errors.Is(err, failed) || !errors.Is(err, why) {
		t.Errorf("ended context: %v", err)
	}
	if err := wire.UnderContext(ctx, ctx.Err()); err.Error() != "context canceled: why" {
		t.Errorf("the context's own error: %v", err)
	}
}
