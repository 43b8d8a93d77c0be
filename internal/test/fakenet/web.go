package fakenet

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// Web returns what serves HTTPS on a connection, for [Net.Listen].
func Web(config *tls.Config, h http.Handler) func(net.Conn) {
	return func(c net.Conn) {
		l := &single{conn: c, done: make(chan struct{})}
		l.end = sync.OnceFunc(func() { close(l.done) })
		srv := http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
		srv.Serve(tls.NewListener(l, config))
	}
}

// single is a listener with one connection. It ends with it.
type single struct {
	conn net.Conn
	done chan struct{}
	end  func()
	once sync.Once
}

func (l *single) Accept() (c net.Conn, err error) {
	l.once.Do(func() { c = noted{l.conn, l.end} })
	if c == nil {
		<-l.done
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l *single) Close() error {
	l.end()
	return nil
}

func (l *single) Addr() net.Addr { return l.conn.LocalAddr() }

// noted tells when it is closed.
type noted struct {
	net.Conn
	end func()
}

func (n noted) Close() error {
	n.end()
	return n.Conn.Close()
}
