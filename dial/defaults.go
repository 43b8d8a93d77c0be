package dial

import (
	"context"
	"net"
	"time"

	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// budget returns a context that ends after a Dialer's Timeout, or after that of protocol
// p if it is zero. A dial and the beginning of a session have one budget together.
func budget(ctx context.Context, limit time.Duration, p policy.Protocol) (context.Context, context.CancelFunc) {
	if limit == 0 {
		limit = protocols.Of(p).Timeout
	}
	if by, ok := ctx.Deadline(); limit <= 0 || ok && time.Until(by) <= limit {
		return ctx, func() {} // ctx is the tighter one
	}
	return wire.WithTimeout(ctx, limit)
}

// localName returns what EHLO says over a connection from local. name is a Dialer's
// LocalName.
func localName(name string, local net.Addr, private bool) string {
	if name != "" {
		return name
	}
	return hostname.Client(local, private)
}
