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

// budget returns a context that ends after the Timeout of d, or of protocol p if that is
// zero. A dial and the beginning of a session have one budget together.
func (d *Dialer) budget(ctx context.Context, p policy.Protocol) (context.Context, context.CancelFunc) {
	limit := d.Timeout
	if limit == 0 {
		limit = protocols.Of(p).Timeout
	}
	if by, ok := ctx.Deadline(); limit <= 0 || ok && time.Until(by) <= limit {
		return ctx, func() {} // ctx is the tighter one
	}
	return wire.WithTimeout(ctx, limit)
}

// localName returns what EHLO says over a connection from local.
func (d *Dialer) localName(local net.Addr, private bool) string {
	if d.LocalName != "" {
		return d.LocalName
	}
	return hostname.Client(local, private)
}
