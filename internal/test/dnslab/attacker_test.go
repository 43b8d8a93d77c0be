package dnslab

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/internal/test/dnslab/nameservers"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

// mode is what a man in the middle does to what it is aimed at.
type mode string

const (
	honest   mode = "honest"
	remove   mode = "remove"   // "no such name"; the connection is refused
	delay    mode = "delay"    // never an answer
	forge    mode = "forge"    // another answer; TLS with a certificate for the right name, of a CA of its own
	redirect mode = "redirect" // an alias; the connection leads to a host of the attacker's, with a valid certificate for its own name
)

func modes() []mode { return []mode{honest, remove, delay, forge, redirect} }

// man stands between the resolver and the name server.
type man struct {
	t        *testing.T
	upstream string
	mode     mode
	aimed    func(name, kind string) bool
	answers  *fakenet.Names // what is answered in place of the name server
	serving  sync.WaitGroup
}

// interpose starts a man in the middle before a name server on loopback, and
// returns his port.
func interpose(t *testing.T, m *man) int {
	t.Helper()
	m.t = t
	u, l := nameservers.Listen(t)
	t.Cleanup(func() {
		u.Close()
		l.Close()
		m.serving.Wait()
	})
	m.serving.Go(func() { m.datagrams(u) })
	m.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.serving.Go(func() { m.stream(c) })
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

// datagrams answers questions over UDP.
func (m *man) datagrams(u net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := u.ReadFrom(buf)
		if err != nil {
			return
		}
		query := append([]byte(nil), buf[:n]...)
		m.serving.Go(func() {
			reply, instead := m.reply(query)
			if !instead {
				reply = m.forward(query)
			}
			if reply != nil {
				u.WriteTo(reply, from)
			}
		})
	}
}

// forward asks the name server.
func (m *man) forward(query []byte) []byte {
	c, err := net.Dial("udp4", m.upstream)
	if err != nil {
		return nil
	}
	defer c.Close()
	buf := make([]byte, 4096)
	if _, err := c.Write(query); err != nil {
		return nil
	}
	n, err := c.Read(buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}

// stream passes a TCP connection on. What is aimed at does not come this way.
func (m *man) stream(c net.Conn) {
	defer c.Close()
	up, err := net.Dial("tcp4", m.upstream)
	if err != nil {
		return
	}
	defer up.Close()
	m.serving.Go(func() { io.Copy(up, c); up.Close() })
	io.Copy(c, up)
}

// reply returns what the man says himself, nil for silence; instead is false for
// what he lets through.
func (m *man) reply(query []byte) (reply []byte, instead bool) {
	var q dnsmessage.Message
	if m.mode == honest || m.aimed == nil || q.Unpack(query) != nil || len(q.Questions) != 1 {
		return nil, false
	}
	name := strings.ToLower(strings.TrimSuffix(q.Questions[0].Name.String(), "."))
	if !m.aimed(name, strings.TrimPrefix(q.Questions[0].Type.String(), "Type")) {
		return nil, false
	}
	if m.mode == delay {
		return nil, true
	}
	var r dnsmessage.Message
	if err := r.Unpack(m.answers.Answer(query)); err != nil {
		m.t.Error(err)
		return nil, true
	}
	r.Authoritative, r.RecursionAvailable, r.AuthenticData = true, false, false // as the name server would
	if m.mode == redirect && len(r.Answers) > 0 {
		r.RCode, r.Answers = dnsmessage.RCodeSuccess, r.Answers[:1] // the alias; where it leads is served honestly
	}
	packed, err := r.Pack()
	if err != nil {
		m.t.Error(err)
	}
	return packed, true
}
