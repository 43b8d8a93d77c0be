package netguard

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// Unnamed reports whether a config, which may be nil, does not verify that a server has
// the name by which it was looked up.
func Unnamed(c *tls.Config) bool { return c != nil && (c.InsecureSkipVerify || c.ServerName != "") }

// CheckTransport returns an error for a base of [Guard.Transport] that does not verify
// servers by their names, or that connects by a function which does not end with the
// context. t may be nil.
func CheckTransport(t *http.Transport) error {
	if t == nil {
		return nil
	}
	//lint:ignore SA1019 a program may have set them nevertheless
	dial, dialTLS := t.Dial, t.DialTLS
	switch {
	case t.DialTLSContext != nil, dialTLS != nil, Unnamed(t.TLSClientConfig):
		return errors.New("Transport does not verify servers by their names")
	case t.DialContext == nil && dial != nil:
		return errors.New("Transport has Dial and no DialContext")
	}
	return nil
}

// Transport returns a copy of base, which may be nil, for one request to a host, which
// connects only to addresses that g permits. It connects as base does, and not by g.Dial.
// header bounds the bytes of the answer's header. Unlike other http.Transports it does not
// go on connecting after the request has ended: its connections end with ctx, and
// Transport has looked the host up already.
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
