package pool_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// relay is an SMTP server of dialtest that remembers what it took. It is its own network.
type relay struct {
	// answer, if set, may change a reply: "" hangs up, "-" says nothing, and usual is
	// what the server says. The end of a content is the command ".", with the last
	// recipient behind it.
	answer func(conn int, command, usual string) string
	// closed, if set, is told when a connection has ended.
	closed func(conn int)
	// refuse, if set, is asked before each dial.
	refuse func(n int) error

	start sync.Once
	srv   *dialtest.Server

	mu        sync.Mutex
	dialled   []time.Time
	conns     []net.Conn     // the server's ends
	committed map[string]int // by last recipient
	commands  []string
	wg        sync.WaitGroup // of connections
}

// serve starts the server.
func (r *relay) serve(c dialtest.Config) {
	c.Protocol, c.NoSTARTTLS, c.LoginInClear = policy.SMTP, true, true
	c.Accept = func(string, string) bool { return true }
	c.Rules = append(c.Rules, dialtest.Rule{At: "*", Choose: r.choose})
	var err error
	if r.srv, err = dialtest.NewServer(c); err != nil {
		panic(err) // there is no port
	}
}

func (r *relay) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	r.mu.Lock()
	n := len(r.dialled)
	r.dialled = append(r.dialled, time.Now())
	refuse := r.refuse
	r.mu.Unlock()
	if refuse != nil {
		if err := refuse(n); err != nil {
			return nil, err
		}
	}
	r.start.Do(func() { r.serve(dialtest.Config{NoListener: true}) })
	client, server := net.Pipe()
	r.mu.Lock()
	r.conns = append(r.conns, server)
	r.mu.Unlock()
	r.wg.Go(func() { r.srv.Serve(server) })
	return client, nil
}

// turns returns how often the replies to a group of commands were said.
func (r *relay) turns() (n int) {
	for _, s := range r.srv.Sessions() {
		n += s.Turns
	}
	return n
}

// choose has the server answer a command as answer says.
func (r *relay) choose(m dialtest.Moment) dialtest.Rule {
	command, to := m.Command, ""
	switch {
	case command == "connect":
		return dialtest.Rule{}
	case command == "closed":
		if r.closed != nil {
			r.closed(m.Conn)
		}
		return dialtest.Rule{}
	case command == ".":
		to = m.Message.To[len(m.Message.To)-1]
		command += to
	}
	const usual = "as usual"
	ehlo := "250-mail.test\r\n250-8BITMIME\r\n250-REQUIRETLS\r\n250 PIPELINING"
	r.mu.Lock()
	if to == "" {
		r.commands = append(r.commands, command)
	}
	answer, reply := r.answer, usual
	r.mu.Unlock()
	if answer != nil {
		reply = answer(m.Conn, command, usual)
	}
	if reply == usual && strings.HasPrefix(command, "EHLO") {
		reply = ehlo
	}
	positive := reply != "" && reply[0] <= '3'
	if to != "" && (positive || reply == usual || reply == "" || reply == "-") {
		r.commit(to)
	}
	switch reply {
	case usual:
		return dialtest.Rule{}
	case "":
		return dialtest.Rule{Skip: true, End: dialtest.EndClose}
	case "-":
		return dialtest.Rule{Skip: true}
	}
	return dialtest.Rule{Reply: reply, Obey: positive}
}

func (r *relay) commit(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.committed == nil {
		r.committed = map[string]int{}
	}
	r.committed[to]++
}

func (r *relay) took() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, times := range r.committed {
		n += times
	}
	return n
}

func (r *relay) dials() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.dialled)
}

// said counts the commands with a prefix.
func (r *relay) said(prefix string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.commands {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

// open returns a pool of connections to r, in the clear. It is closed, and
// everything with it, when the test ends.
func open(t testing.TB, r *relay, c pool.Config) *pool.Pool {
	t.Helper()
	c.Endpoint = dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.NoTLS}
	if c.Options == nil {
		c.Options = &smtpconn.Options{}
	}
	c.Options.Dialer = &dial.Dialer{NetDialer: r, LocalName: "client.test"}
	p, err := pool.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close(context.Background())
		if r.srv != nil {
			r.srv.HangUp()
		}
		r.wg.Wait()
	})
	return p
}

func letter(to string) (smtpconn.Envelope, *strings.Reader) {
	return smtpconn.Envelope{From: "a@mail.test", To: []string{to}}, strings.NewReader("Subject: hello\r\n\r\nHello.\r\n")
}

func send(ctx context.Context, p *pool.Pool, to string) error {
	e, content := letter(to)
	_, err := p.Send(ctx, e, content)
	return err
}

func outcome(err error) smtpconn.Outcome {
	var failed *smtpconn.SendError
	if errors.As(err, &failed) {
		return failed.Outcome
	}
	return 0
}

// sendAll sends n messages at once and returns what came of them.
func sendAll(ctx context.Context, p *pool.Pool, n int) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = send(ctx, p, fmt.Sprintf("r%d@mail.test", i)) })
	}
	wg.Wait()
	return errs
}

var errNetwork = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
