package dialtest

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

// relay is one connection through the man in the middle. Each direction has a
// goroutine that reads lines until TLS begins, and copies bytes from then on.
type relay struct {
	*MITM
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

func newRelay(m *MITM, client *serve.Conn, server net.Conn) *relay {
	return &relay{
		MITM: m, client: client, server: server,
		fromC: bufio.NewReader(client), fromS: bufio.NewReader(server),
		downed: make(chan struct{}), answer: make(chan bool),
	}
}

// run returns when both directions have ended.
func (r *relay) run() {
	defer context.AfterFunc(r.ctx, func() { r.server.Close() })()
	go r.down()
	r.up()
	r.server.Close()
	<-r.downed
	r.client.End()
}

func (r *relay) note(c command, demanded bool) {
	r.state.Lock()
	defer r.state.Unlock()
	r.last, r.demanded = c, demanded
}

func (r *relay) noted() (c command, demanded bool) {
	r.state.Lock()
	defer r.state.Unlock()
	return r.last, r.demanded
}

// up carries what the client says, until one of the two is gone.
func (r *relay) up() {
	if startsTLS(r.fromC) {
		r.upTLSPort()
		return
	}
	for {
		line, err := r.fromC.ReadString('\n')
		tag, verb := script.ParseCommand(r.protocol, line)
		c := command{tag, verb}
		if err == nil && c.verb == phrasesOf(r.protocol, "").command {
			if !r.demand(c, line) {
				return
			}
			continue
		}
		r.note(c, false)
		if _, failed := io.WriteString(r.server, line); err != nil || failed != nil {
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
func (r *relay) upTLSPort() {
	switch r.attack {
	case Stall:
		io.Copy(io.Discard, r.fromC)
	case Cut:
		r.client.Close()
	case SwapCertificate:
		r.server.SetReadDeadline(time.Unix(1, 0)) // takes the server away from down
		<-r.downed
		r.server.SetReadDeadline(time.Time{})
		r.swap()
	default:
		io.Copy(r.server, r.fromC)
	}
}

// demand treats the command that demands the upgrade, and reports whether
// lines follow it.
func (r *relay) demand(c command, line string) bool {
	words := phrasesOf(r.protocol, c.tag)
	switch r.attack {
	case Strip:
		io.WriteString(r.client, words.unknown+"\r\n")
		return true
	case Refuse:
		io.WriteString(r.client, words.refused+"\r\n")
		return true
	case Stall:
		io.Copy(io.Discard, r.fromC)
		return false
	case Cut:
		r.client.Close()
		return false
	}
	r.note(c, true)
	io.WriteString(r.server, line)
	select {
	case yes := <-r.answer:
		if yes {
			r.upUpgraded()
		}
		return !yes
	case <-r.downed:
		return false
	}
}

func (r *relay) upUpgraded() {
	if r.attack == SwapCertificate {
		<-r.downed
		r.swap()
		return
	}
	io.Copy(r.server, r.fromC)
}

// down carries what the server says. It ends when the server does, and when
// both ends are wanted for a swap.
func (r *relay) down() {
	defer close(r.downed)
	strip := stripper{protocol: r.protocol}
	for begun := startsTLS(r.fromS); !begun; {
		var err error
		if begun, err = r.downLine(&strip); errors.Is(err, os.ErrDeadlineExceeded) {
			return
		} else if err != nil {
			r.client.Finish()
			return
		}
	}
	if r.attack != SwapCertificate {
		io.Copy(r.client, r.fromS)
		r.client.Finish()
	}
}

// downLine carries one line, and reports whether TLS begins behind it.
func (r *relay) downLine(strip *stripper) (begun bool, err error) {
	line, err := r.fromS.ReadString('\n')
	c, demanded := r.noted()
	switch {
	case demanded && err == nil:
		return r.downAnswer(c, line), nil
	case r.attack == Strip:
		line = strip.strip(c, line)
	}
	io.WriteString(r.client, line)
	return false, err
}

// downAnswer carries a line behind a demand, which may be the answer to it.
func (r *relay) downAnswer(c command, line string) (begun bool) {
	last, yes := c.answers(r.protocol, line)
	if last && yes {
		line = r.goAhead(line)
	}
	io.WriteString(r.client, line)
	if last {
		r.note(c, false)
		r.answer <- yes
	}
	return last && yes
}

// goAhead returns the line that begins the upgrade, with what is put behind.
func (r *relay) goAhead(line string) string {
	r.client.Recorder.ExpectTLS()
	switch forged := phrasesOf(r.protocol, "").forged; r.attack {
	case Inject:
		return line + forged + "\r\n"
	case InjectPartial:
		return line + forged
	}
	return line
}

// swap ends the client's TLS and carries what is inside to TLS of its own.
func (r *relay) swap() {
	client := tls.Server(buffered{r.client, r.fromC}, r.tls)
	if client.Handshake() != nil {
		return
	}
	server := tls.Client(buffered{r.server, r.fromS}, &tls.Config{
		InsecureSkipVerify: true, // what it leads to is a lie anyway
		NextProtos:         alpn(r.protocol),
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(client, server)
		client.CloseWrite()
		r.client.Finish()
	}()
	io.Copy(server, serve.Inside{Conn: client, Recorder: r.client.Recorder})
	r.server.Close()
	<-done
}

// buffered is a connection of which something was read ahead.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.r.Read(p) }
