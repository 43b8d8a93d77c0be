package netguard

import (
	"context"
	"net"
	"net/http"
)

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
