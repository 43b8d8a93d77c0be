package wire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

func TestWatchEndsACall(t *testing.T) {
	why := errors.New("why")
	speak(t, func(t *testing.T, client, server net.Conn) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := wire.Watch(ctx, client)
		time.AfterFunc(time.Second, func() { cancel(why) })
		start := time.Now()
		if _, err := client.Read(make([]byte, 1)); err == nil || time.Since(start) != time.Second {
			t.Errorf("read ended after %v: %v", time.Since(start), err)
		}
		if err := stop(); !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
			t.Errorf("stop: %v", err)
		}
	})
}

func TestWatchThatWasStopped(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		ctx, cancel := context.WithCancel(t.Context())
		stop := wire.Watch(ctx, client)
		if err := stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		cancel()
		synctest.Wait()
		go io.WriteString(server, "x")
		if _, err := client.Read(make([]byte, 1)); err != nil {
			t.Errorf("after the watch: %v", err)
		}
	})
}

// The context may end at the moment in which the watch is stopped. Either the
// connection stays open and stop returns nil, or it is closed and stop returns the
// error of the context.
func TestWatchRaces(t *testing.T) {
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
		stop := wire.Watch(ctx, closed)
		cancels <- cancel
		for range i % 100 { // a little later each time, to meet the cancellation on its way
			_ = ctx.Value(closed)
		}
		switch err := stop(); {
		case err == nil:
			kept = append(kept, closed)
		case errors.Is(err, context.Canceled):
			ended++
		default:
			t.Fatal(err)
		}
		cancel()
	}
	close(cancels)
	for _, c := range kept { // looked at late, for a late Close to be seen
		if c.done.Load() {
			t.Fatal("stop returned nil and the connection was closed")
		}
	}
	t.Logf("%d kept, %d ended", len(kept), ended)
}

// If stop returns an error the connection is closed, otherwise it works.
func TestWatchRacesOnAConnection(t *testing.T) {
	for range 500 {
		client, server := net.Pipe()
		ctx, cancel := context.WithCancel(context.Background())
		stop := wire.Watch(ctx, client)
		go cancel()
		err := stop()
		<-ctx.Done()
		go io.WriteString(server, "x")
		_, readErr := client.Read(make([]byte, 1))
		if err == nil && readErr != nil {
			t.Fatalf("kept, but: %v", readErr)
		}
		if err != nil { // it may take a moment, but it will be closed
			if _, readErr = client.Read(make([]byte, 1)); readErr == nil {
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
