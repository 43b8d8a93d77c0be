package mx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
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
	text, err := w.get(ctx, &url.URL{Scheme: "https", Host: "mta-sts." + domain, Path: "/.well-known/mta-sts.txt"})
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

func (w *web) get(ctx context.Context, u *url.URL) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	transport, err := w.guard.Transport(ctx, w.base, u.Hostname(), maxPolicy)
	if err != nil {
		return "", err
	}
	req := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{"User-Agent": {"mailconn"}}}
	resp, err := transport.RoundTrip(req.WithContext(ctx)) // which follows no redirect
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // "" if it is none; parameters do not matter
	switch {
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("status %d", resp.StatusCode)
	case kind != "text/plain":
		return "", fmt.Errorf("media type %.64q", resp.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPolicy+1))
	if err == nil && len(body) > maxPolicy {
		err = fmt.Errorf("policy larger than %d bytes", maxPolicy)
	}
	return string(body), err
}
