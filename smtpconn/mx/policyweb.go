package mx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/mailconn/mailconn/internal/netguard"
	"github.com/mailconn/mailconn/internal/wire"
)

// web fetches policies over HTTPS.
type web struct {
	guard *netguard.Guard
	base  *http.Transport
}

// policy fetches the policy of a domain, within the limits of RFC 8461 §3.3: from the
// policy host and no other, in plain text, without redirects.
func (w *web) policy(ctx context.Context, domain string) (*Policy, error) {
	u := &url.URL{Scheme: "https", Host: "mta-sts." + domain, Path: "/.well-known/mta-sts.txt"}
	text, err := w.guard.Text(ctx, w.base, u, maxPolicy)
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
			err = wire.ContextError(ctx)
		}
		return nil, &fetchError{domain: domain, err: err}
	}
	p, err := parsePolicy(text)
	if err != nil {
		return nil, &fetchError{domain, err, true}
	}
	return p, nil
}

// fetchError is a policy that could not be had.
type fetchError struct {
	domain  string
	err     error
	invalid bool // it was had, and is none
}

func (e *fetchError) Error() string {
	return wire.Printable(fmt.Sprintf("MTA-STS policy at mta-sts.%s: %v", e.domain, e.err))
}

func (e *fetchError) Unwrap() error { return e.err }
