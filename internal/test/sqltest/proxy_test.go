package sqltest

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

// proxy stands before a server, and cuts one connection when told to.
type proxy struct {
	net.Listener
	socket string

	mu   sync.Mutex
	arm  direction
	left int // bytes until the cut
}

type direction int

const (
	harmless direction = iota
	upstream
	downstream
)

func newProxy(t *testing.T, socket string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	p := &proxy{Listener: l, socket: socket}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

// through returns the database as it is behind the proxy.
func (p *proxy) through(d database) database {
	host, port, _ := net.SplitHostPort(p.Addr().String())
	if d.Dialect == sqlstore.MySQL {
		d.DSN = strings.Replace(d.DSN, "unix("+d.Socket+")", "tcp("+net.JoinHostPort(host, port)+")", 1)
		return d
	}
	_, rest, _ := strings.Cut(d.DSN, " ")
	d.DSN = "host=" + host + " port=" + port + " " + rest
	return d
}

// cutAfter cuts the connection that is the first to bring more than so many
// bytes that way from now on.
func (p *proxy) cutAfter(way direction, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arm, p.left = way, bytes
}

// disarm reports whether there was a cut.
func (p *proxy) disarm() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.arm == harmless
	p.arm = harmless
	return was
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("unix", p.socket)
	if err != nil {
		client.Close()
		return
	}
	end := sync.OnceFunc(func() {
		client.Close()
		server.Close()
	})
	go p.pass(downstream, client, server, end)
	p.pass(upstream, server, client, end)
}

func (p *proxy) pass(way direction, to, from net.Conn, end func()) {
	defer end()
	for buf := make([]byte, 4096); ; {
		n, err := from.Read(buf)
		pass, cut := p.allow(way, n)
		if _, failed := to.Write(buf[:pass]); err != nil || failed != nil || cut {
			return
		}
	}
}

// allow returns how many of n bytes may pass, and whether that is the end.
func (p *proxy) allow(way direction, n int) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.arm != way {
		return n, false
	}
	if n <= p.left {
		p.left -= n
		return n, false
	}
	p.arm = harmless
	return p.left, true
}

// silent returns the port of a listener which never answers.
func silent(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { l.Close() })
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// port returns that of the proxy.
func (p *proxy) port() string { return strconv.Itoa(p.Addr().(*net.TCPAddr).Port) }
