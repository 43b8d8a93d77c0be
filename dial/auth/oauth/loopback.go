package oauth

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

const (
	redirectIPv4 = "http://127.0.0.1/"
	redirectIPv6 = "http://[::1]/"
)

// loopback waits for the browser on a port of this host. It takes one answer, that with
// the state that only the issuer and the browser have seen.
type loopback struct {
	url    string // the redirect URI, with the port
	host   string // of url, with the port
	path   string
	state  string
	server http.Server
	served chan struct{} // closed when the server has ended
	taken  atomic.Bool
	answer chan url.Values // has room for the one
}

// listenFunc is that of a net.ListenConfig.
type listenFunc func(ctx context.Context, network, address string) (net.Listener, error)

// newLoopback waits for an answer to a redirect URI, "" being that of IPv4 or else of IPv6.
func newLoopback(ctx context.Context, listen listenFunc, redirect, state string) (*loopback, error) {
	if redirect == "" {
		l, err := newLoopback(ctx, listen, redirectIPv4, state)
		if err == nil || ctx.Err() != nil {
			return l, err
		}
		l, err6 := newLoopback(ctx, listen, redirectIPv6, state)
		if err6 != nil {
			return nil, errors.Join(err, err6)
		}
		return l, nil
	}
	u, err := url.Parse(redirect)
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, "tcp", net.JoinHostPort(u.Hostname(), "0"))
	if err != nil {
		return nil, err
	}
	u.Host = listener.Addr().String()
	l := &loopback{
		url: u.String(), host: u.Host, path: cmp.Or(u.Path, "/"), state: state,
		served: make(chan struct{}), answer: make(chan url.Values, 1),
	}
	l.server = http.Server{
		Handler: l, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	l.server.SetKeepAlivesEnabled(false)
	go func() {
		defer close(l.served)
		l.server.Serve(listener)
	}()
	return l, nil
}

// close ends the server and its connections.
func (l *loopback) close() {
	l.server.Close()
	<-l.served
}

// ServeHTTP takes the answer, and refuses everything else: pages of other origins and
// programs of other users can send requests, too. A page whose name leads to this host by
// DNS rebinding sends that name.
func (l *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	state := query["state"]
	switch {
	case r.Host != l.host, r.URL.Path != l.path:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet, len(state) != 1, subtle.ConstantTimeCompare([]byte(state[0]), []byte(l.state)) == 0, !l.taken.CompareAndSwap(false, true):
		http.Error(w, "This is not the answer that the program waits for.", http.StatusBadRequest)
		return
	}
	text := "You can close this window and go back to the program."
	if query.Has("error") {
		text = "The sign-in did not succeed. " + text
	}
	page := fmt.Sprintf(loopbackPage, text)
	for name, value := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Length":          strconv.Itoa(len(page)),
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer", // the URL has the code
	} {
		w.Header().Set(name, value)
	}
	io.WriteString(w, page)
	http.NewResponseController(w).Flush() // before close ends the connection
	l.answer <- query
}

const loopbackPage = `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign-in</title>
<body style="font: 1.2em sans-serif; margin: 3em auto; max-width: 30em"><p>%s</p></body></html>
`

// await returns the answer's parameters, and closes l. open makes the browser ask for it.
func (l *loopback) await(ctx context.Context, open func() error) (url.Values, error) {
	defer l.close()
	opened := make(chan error, 1)
	go func() { opened <- open() }()
	for {
		select {
		case answer := <-l.answer:
			return answer, nil
		case err := <-opened:
			if err != nil {
				return nil, err
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("oauth: no answer from the browser: %w", wire.ContextError(ctx))
		}
	}
}
