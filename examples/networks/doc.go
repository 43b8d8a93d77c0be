// Package networks shows how to reach a mail server by other ways than straight
// over TCP: through a SOCKS5 or an HTTP proxy, over a unix socket, from one of
// several addresses, or by IPv4 alone. Each is a dial.NetDialer of a few lines; what
// the policy demands is kept whatever leads to the server.
package networks

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"golang.org/x/net/proxy"
)

// SOCKS5 returns a NetDialer that leads through a SOCKS5 proxy (RFC 1928).
func SOCKS5(address string) (proxy.ContextDialer, error) {
	d, err := proxy.SOCKS5("tcp", address, nil, &net.Dialer{})
	if err != nil {
		return nil, err
	}
	return d.(proxy.ContextDialer), nil // as its documentation promises
}

// HTTPProxy is a NetDialer that leads through an HTTP proxy, by the method CONNECT
// (RFC 9110 §9.3.6).
type HTTPProxy string

// DialContext asks the proxy to lead to address.
func (p HTTPProxy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, string(p))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	answer := bufio.NewReader(conn)
	err = request.Write(conn)
	var response *http.Response
	if err == nil {
		response, err = http.ReadResponse(answer, request)
	}
	switch {
	case err != nil:
	case response.StatusCode != http.StatusOK:
		err = fmt.Errorf("proxy: %s", response.Status)
	case !stop():
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &buffered{conn, answer}, nil
}

// buffered is a connection of which something may have been read ahead.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.r.Read(p) }

// Unix is a NetDialer that leads to a unix socket, whatever the endpoint's address.
type Unix string

// DialContext connects to the socket.
func (path Unix) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", string(path))
}

// From returns a NetDialer whose connections come from an address of this host.
func From(source netip.Addr) (*net.Dialer, error) {
	if !source.IsValid() {
		return nil, errors.New("no address to come from")
	}
	return &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))}, nil
}

// IPv4 is a NetDialer that uses no other addresses.
type IPv4 struct{ net.Dialer }

// DialContext connects over IPv4.
func (d *IPv4) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return d.Dialer.DialContext(ctx, "tcp4", address)
}
