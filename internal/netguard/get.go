package netguard

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// Get makes one request over a [Guard.Transport], and does not follow redirects. header
// bounds the bytes of the answer's header. The caller must close the body, and should
// read it within a limit; reading it fails when ctx ends.
func (g *Guard) Get(ctx context.Context, base *http.Transport, u *url.URL, header int64) (*http.Response, error) {
	transport, err := g.Transport(ctx, base, u.Hostname(), header)
	if err != nil {
		return nil, err
	}
	req := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{"User-Agent": {"mailconn"}}}
	return transport.RoundTrip(req.WithContext(ctx))
}

// Text fetches plain text of at most so many bytes. A redirect is an error.
func (g *Guard) Text(ctx context.Context, base *http.Transport, u *url.URL, most int64) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := g.Get(ctx, base, u, most)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // empty if it is malformed; parameters are ignored
	switch {
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("status %d", resp.StatusCode)
	case kind != "text/plain":
		return "", fmt.Errorf("media type %.64q", resp.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil && int64(len(body)) > most {
		err = fmt.Errorf("larger than %d bytes", most)
	}
	return string(body), err
}
