package interop

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// between is the way of a program to a real server: a network that breaks on order, and behind
// it a relay that ends the program's TLS, has TLS of its own with the server, and speaks in
// the server's place on order.
type between struct {
	*dialtest.Network
	protocol policy.Protocol
	server   string // where it begins with TLS
	inside   *tls.Config
	outside  *tls.Config

	fault dialtest.Fault // ordered last

	mu     sync.Mutex
	refuse string // the next of these commands: words with a blank on both sides
	links  map[*relayed]bool
}

// newBetween begins to relay to the server of a client.
func newBetween(t *testing.T, c client, p policy.Protocol) *between {
	t.Helper()
	cert := must(c.lab.CA.Certificate(dialtest.CertGood))(t)
	b := &between{
		protocol: p, server: find(c.server, p, policy.ImplicitTLS, servers.Good),
		inside: &tls.Config{Certificates: []tls.Certificate{cert}}, outside: c.lab.CA.ClientConfig(),
		links: map[*relayed]bool{},
	}
	b.outside.ServerName = host
	l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	b.Network = must(dialtest.NewNetwork(l.Addr().String(), dialtest.Plan{}))(t)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { b.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		b.Close()
		all.Wait()
	})
	return b
}

// relayed is a connection, when both sides have TLS.
type relayed struct {
	client, server net.Conn
	mu             sync.Mutex // held while a response is written
}

// serve relays a connection, whose STARTTLS it answers itself.
func (b *between) serve(conn net.Conn) {
	defer conn.Close()
	server, err := tls.Dial("tcp", b.server, b.outside)
	if err != nil {
		return
	}
	defer server.Close()
	answers := bufio.NewReader(server)
	greeting, err := answers.ReadString('\n')
	if err != nil {
		return
	}
	io.WriteString(conn, greeting)
	demand, err := bufio.NewReader(conn).ReadString('\n') // nothing follows it
	if err != nil {
		return
	}
	io.WriteString(conn, b.answer(demand, "OK", "begin TLS"))
	r := &relayed{client: tls.Server(conn, b.inside), server: server}
	b.note(r, true)
	defer b.note(r, false)
	go func() {
		defer r.close()
		for {
			response, err := b.response(answers)
			if err != nil || r.write(response) != nil {
				return
			}
		}
	}()
	b.up(r)
	r.close()
}

// answer returns the answer to a command.
func (b *between) answer(command, word, text string) string {
	if b.protocol == policy.POP3 {
		return map[string]string{"OK": "+OK ", "NO": "-ERR [SYS/TEMP] "}[word] + text + "\r\n"
	}
	tag, _, _ := strings.Cut(command, " ")
	return fmt.Sprintf("%s %s [UNAVAILABLE] %s\r\n", tag, word, text)
}

// response reads a response: in IMAP with its literals.
func (b *between) response(from *bufio.Reader) (string, error) {
	text, err := from.ReadString('\n')
	for line := text; err == nil && b.protocol == policy.IMAP && strings.HasSuffix(line, "}\r\n"); text += line {
		var n int64
		if _, err := fmt.Sscanf(line[strings.LastIndexByte(line, '{'):], "{%d}", &n); err != nil {
			break
		}
		literal := make([]byte, n)
		if _, err = io.ReadFull(from, literal); err == nil {
			line, err = from.ReadString('\n')
		}
		text += string(literal)
	}
	return text, err
}

// up carries what the program says, and refuses what is to be refused.
func (b *between) up(r *relayed) {
	commands := bufio.NewReader(r.client)
	for {
		line, err := commands.ReadString('\n')
		if err != nil {
			return
		}
		if b.refuses(line) {
			r.write(b.answer(line, "NO", "not now"))
			continue
		}
		if _, err := io.WriteString(r.server, line); err != nil {
			return
		}
	}
}

func (b *between) note(r *relayed, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if delete(b.links, r); open {
		b.links[r] = true
	}
}

func (r *relayed) write(response string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := io.WriteString(r.client, response)
	return err
}

func (r *relayed) close() {
	r.client.Close()
	r.server.Close()
}
