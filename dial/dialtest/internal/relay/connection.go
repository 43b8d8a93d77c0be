package relay

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/internal/test/script"
)

// connection is that of one client. Each direction has a goroutine that reads lines
// until TLS begins, and copies bytes from then on.
type connection struct {
	*Relay
	client *serve.Conn
	server net.Conn
	fromC  *bufio.Reader
	fromS  *bufio.Reader
	downed chan struct{} // closed when the way down has ended
	answer chan bool     // what the server said to an upgrade

	state    sync.Mutex
	last     command // the client's last
	demanded bool    // last went to the server and demands the upgrade
}

func newConnection(r *Relay, client *serve.Conn, server net.Conn) *connection {
	return &connection{
		Relay: r, client: client, server: server,
		fromC: bufio.NewReader(client), fromS: bufio.NewReader(server),
		downed: make(chan struct{}), answer: make(chan bool),
	}
}

// run returns when both directions have ended.
func (c *connection) run(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { c.server.Close() })()
	go c.down()
	c.up()
	c.server.Close()
	<-c.downed
	c.client.End()
}

func (c *connection) note(cmd command, demanded bool) {
	c.state.Lock()
	defer c.state.Unlock()
	c.last, c.demanded = cmd, demanded
}

func (c *connection) noted() (cmd command, demanded bool) {
	c.state.Lock()
	defer c.state.Unlock()
	return c.last, c.demanded
}

// up carries what the client says, until one of the two is gone.
func (c *connection) up() {
	if startsTLS(c.fromC) {
		c.upTLSPort()
		return
	}
	for {
		line, err := c.fromC.ReadString('\n')
		tag, verb := script.ParseCommand(c.Protocol, line)
		cmd := command{tag, verb}
		if err == nil && cmd.verb == phrasesOf(c.Protocol, "").command {
			if !c.demand(cmd, line) {
				return
			}
			continue
		}
		c.note(cmd, false)
		if _, failed := io.WriteString(c.server, line); err != nil || failed != nil {
			return
		}
	}
}

// startsTLS reports whether the first word is a TLS record: a handshake or an
// alert.
func startsTLS(r *bufio.Reader) bool {
	b, err := r.Peek(1)
	return err == nil && (b[0] == 22 || b[0] == 21)
}

// upTLSPort carries a handshake that came without a command.
func (c *connection) upTLSPort() {
	switch c.Attack {
	case Stall:
		io.Copy(io.Discard, c.fromC)
	case Cut:
		c.client.Close()
	case SwapCertificate:
		c.server.SetReadDeadline(time.Unix(1, 0)) // takes the server away from down
		<-c.downed
		c.server.SetReadDeadline(time.Time{})
		c.swap()
	default:
		io.Copy(c.server, c.fromC)
	}
}

// demand treats the command that demands the upgrade, and reports whether
// lines follow it.
func (c *connection) demand(cmd command, line string) bool {
	words := phrasesOf(c.Protocol, cmd.tag)
	switch c.Attack {
	case Strip:
		io.WriteString(c.client, words.unknown+"\r\n")
		return true
	case Refuse:
		io.WriteString(c.client, words.refused+"\r\n")
		return true
	case Stall:
		io.Copy(io.Discard, c.fromC)
		return false
	case Cut:
		c.client.Close()
		return false
	}
	c.note(cmd, true)
	io.WriteString(c.server, line)
	select {
	case yes := <-c.answer:
		if yes {
			c.upUpgraded()
		}
		return !yes
	case <-c.downed:
		return false
	}
}

func (c *connection) upUpgraded() {
	if c.Attack == SwapCertificate {
		<-c.downed
		c.swap()
		return
	}
	io.Copy(c.server, c.fromC)
}

// down carries what the server says. It ends when the server does, and when
// both ends are wanted for a swap.
func (c *connection) down() {
	defer close(c.downed)
	strip := stripper{protocol: c.Protocol}
	for begun := startsTLS(c.fromS); !begun; {
		var err error
		if begun, err = c.downLine(&strip); errors.Is(err, os.ErrDeadlineExceeded) {
			return
		} else if err != nil {
			c.client.Finish()
			return
		}
	}
	if c.Attack != SwapCertificate {
		io.Copy(c.client, c.fromS)
		c.client.Finish()
	}
}

// downLine carries one line, and reports whether TLS begins after it.
func (c *connection) downLine(strip *stripper) (begun bool, err error) {
	line, err := c.fromS.ReadString('\n')
	cmd, demanded := c.noted()
	switch {
	case demanded && err == nil:
		return c.downAnswer(cmd, line), nil
	case c.Attack == Strip:
		line = strip.strip(cmd, line)
	}
	io.WriteString(c.client, line)
	return false, err
}

// downAnswer carries a line after a demand, which may be the answer to it.
func (c *connection) downAnswer(cmd command, line string) (begun bool) {
	last, yes := cmd.answers(c.Protocol, line)
	if last && yes {
		line = c.goAhead(line)
	}
	io.WriteString(c.client, line)
	if last {
		c.note(cmd, false)
		c.answer <- yes
	}
	return last && yes
}

// goAhead returns the line that begins the upgrade, with what the attack adds to it.
func (c *connection) goAhead(line string) string {
	c.client.Recorder.ExpectTLS()
	switch forged := phrasesOf(c.Protocol, "").forged; c.Attack {
	case Inject:
		return line + forged + "\r\n"
	case InjectPartial:
		return line + forged
	}
	return line
}

// swap ends the client's TLS and carries what is inside to TLS of its own.
func (c *connection) swap() {
	client := tls.Server(buffered{c.client, c.fromC}, c.TLS)
	if client.Handshake() != nil {
		return
	}
	server := tls.Client(buffered{c.server, c.fromS}, &tls.Config{
		InsecureSkipVerify: true, // what it leads to is a lie anyway
		NextProtos:         serve.ALPN(c.Protocol),
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(client, server)
		client.CloseWrite()
		c.client.Finish()
	}()
	io.Copy(server, serve.Inside{Conn: client, Recorder: c.client.Recorder})
	c.server.Close()
	<-done
}

// buffered is a connection of which something was read ahead.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.r.Read(p) }
