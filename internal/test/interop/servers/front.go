package servers

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// front makes a client of this host look like one from 192.0.2.1, a
// documentation address that no host has, to a server that reads the PROXY
// header (version 1): Dovecot takes its own host for secure, and lets any client
// from there log in without TLS. The header also says which of the server's
// addresses the client came to, and Dovecot goes by that, so that one instance
// can show a certificate for each of many addresses that do not exist either.
func (l *Lab) front(port int, to string) (addr string) {
	l.t.Helper()
	listener, err := net.Listen("tcp", loopback+":0")
	check(l.t, err)
	f := &front{listener: listener, server: address(port)}
	f.header = fmt.Sprintf("PROXY TCP4 192.0.2.1 %s 50000 %d\r\n", to, port)
	go f.accept()
	l.t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

type front struct {
	listener net.Listener
	server   string
	header   string
}

func (f *front) accept() {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return
		}
		go f.forward(client)
	}
}

func (f *front) forward(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", f.server)
	if err != nil {
		return
	}
	defer server.Close()
	io.WriteString(server, f.header)
	var both sync.WaitGroup
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
}

// pass copies until the end, and passes the end on as well: with a reset if
// that is how it came.
func pass(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.(*net.TCPConn).SetLinger(0)
		to.Close()
		from.Close()
		return
	}
	to.(*net.TCPConn).CloseWrite()
}
