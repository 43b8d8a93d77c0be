package netguard

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// Unnamed reports whether a config, which may be nil, accepts servers that are not shown
// to have the name that they were looked up by.
func Unnamed(c *tls.Config) bool { return c != nil && (c.InsecureSkipVerify || c.ServerName != "") }

// CheckTransport returns what is wrong with the base of a [Guard.Transport], which may be
// nil: it accepts servers that are not shown to have their name, or connects by a function
// that does not end with the context.
func CheckTransport(t *http.Transport) error {
	if t == nil {
		return nil
	}
	//lint:ignore SA1019 a program may have set them all the same
	dial, dialTLS := t.Dial, t.DialTLS
	switch {
	case t.DialTLSContext != nil, dialTLS != nil, Unnamed(t.TLSClientConfig):
		return errors.New("Transport does not verify servers by their names")
	case t.DialContext == nil && dial != nil:
		return errors.New("Transport has Dial and no DialContext")
	}
	return nil
}

// Transport returns base, which may be nil, held to the rules of g, for one request to
// a host. It connects as base does, not as g.Dial. header bounds the bytes of the answer's
// header. An http.Transport goes on connecting when the request is given up: this one ends
// with ctx, and the host is looked up before it begins.
func (g *Guard) Transport(ctx context.Context, base *http.Transport, host string, header int64) (*http.Transport, error) {
	t := new(http.Transport)
	if base != nil {
		t = base.Clone()
	}
	web := &Guard{g.Resolver, g.Permit, t.DialContext}
	if web.Dial == nil {
		web.Dial = Dialing(nil)
	}
	connect := web.DialContext
	if t.Proxy == nil {
		all, err := web.Addresses(ctx, host)
		if err != nil {
			return nil, err
		}
		connect = func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return web.connect(ctx, network, all, port)
		}
	}
	t.DialContext = func(_ context.Context, network, address string) (net.Conn, error) {
		conn, err := connect(ctx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	t.MaxResponseHeaderBytes = header
	return t, nil
}
