package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Dialer makes the raw connection, as a net.Dialer does.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Detour is the error of a connection that the caller's own Dialer did not make:
// a proxy, a tunnel. It says nothing about the mail server.
type Detour struct{ Err error }

// Error returns the text of the Dialer's error.
func (e *Detour) Error() string { return e.Err.Error() }

// Unwrap returns the Dialer's error.
func (e *Detour) Unwrap() error { return e.Err }

// Connect makes a connection with d, or with a net.Dialer if d is nil. If ctx ended, the
// error says so.
func Connect(ctx context.Context, d Dialer, address string) (net.Conn, error) {
	if ctx.Err() != nil {
		return nil, ContextError(ctx)
	}
	if d == nil {
		d = &net.Dialer{}
	}
	raw, err := d.DialContext(ctx, "tcp", address)
	by, limited := ctx.Deadline()
	switch {
	case err == nil && ctx.Err() != nil:
		err = ContextError(ctx)
	case err == nil && raw == nil:
		err = errors.New("NetDialer returned neither a connection nor an error")
	case err != nil && ctx.Err() == nil && limited && !time.Now().Before(by): // the network's clock was a moment faster
		err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	default:
		err = UnderContext(ctx, err)
	}
	if _, direct := d.(*net.Dialer); err != nil && !direct && ctx.Err() != context.Canceled {
		err = &Detour{Err: err}
	}
	if err != nil && raw != nil {
		raw.Close()
	}
	return raw, err
}
