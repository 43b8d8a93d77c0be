package mx

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is in the chain of an error after [Sender.Close].
var ErrClosed = errors.New("mx: the Sender is closed")

var errNilContext = errors.New("mx: nil context")

// calls counts the calls under way.
type calls struct {
	mu     sync.Mutex
	closed bool
	group  sync.WaitGroup
}

// enter is called at the beginning of a call, which calls group.Done at its end.
func (c *calls) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.group.Add(1)
	return nil
}

// Close waits within ctx for the calls that are under way, then ends what goes on in the
// background, which is to fetch policies ahead of their expiry, and waits for that. Later
// calls fail with [ErrClosed].
func (s *Sender) Close(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	s.calls.mu.Lock()
	s.calls.closed = true
	s.calls.mu.Unlock()
	err := wait(ctx, &s.calls.group)
	s.sts.end()
	if err == nil {
		err = wait(ctx, &s.sts.tasks)
	}
	return err
}

func wait(ctx context.Context, group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
