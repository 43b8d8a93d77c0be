// Package proxies has proxies for the tests of the examples.
package proxies

import (
	"io"
	"net"
	"net/http"
)

// HTTP is an HTTP proxy that knows the method CONNECT.
func HTTP(w http.ResponseWriter, r *http.Request) {
	to, err := net.Dial("tcp", r.Host)
	if r.Method != http.MethodConnect || err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	from, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		to.Close()
		return
	}
	// Only now: what the client sends next must not be read by the HTTP server.
	io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
	join(from, to)
}

// SOCKS5 starts a SOCKS5 proxy, without a login, for connections to IPv4 addresses. It
// listens until it is closed.
func SOCKS5() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return l, nil
}

// The replies of RFC 1928 §6, with an address that says nothing.
const (
	succeeded = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	refused   = "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"
)

func serve(conn net.Conn) {
	defer conn.Close()
	hello := make([]byte, 3) // version 5, one method, no authentication
	if _, err := io.ReadFull(conn, hello); err != nil {
		return
	}
	conn.Write([]byte{5, 0})
	request := make([]byte, 10) // CONNECT to an IPv4 address and a port
	if _, err := io.ReadFull(conn, request); err != nil {
		return
	}
	to, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IP(request[4:8]), Port: int(request[8])<<8 | int(request[9])})
	if err != nil {
		io.WriteString(conn, refused)
		return
	}
	io.WriteString(conn, succeeded)
	join(conn, to)
}

// join passes on what each of two connections says, until one of them ends.
func join(a, b net.Conn) {
	defer a.Close()
	defer b.Close()
	go func() {
		io.Copy(a, b)
		a.Close()
	}()
	io.Copy(b, a)
}
