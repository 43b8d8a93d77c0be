package pool_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// relay is an SMTP server that remembers what it took. It is its own network.
type relay struct {
	// answer, if set, may change a reply; "" hangs up, "-" says nothing.
	// The end of a content is the command ".".
	answer func(conn int, command, usual string) string
	// closed, if set, is told when a connection has ended.
	closed func(conn int)
	// refuse, if set, is asked before each dial.
	refuse func(n int) error

	mu        sync.Mutex
	dialled   []time.Time
	conns     []net.Conn
	committed map[string]int // by first recipient
	commands  []string
	turns     int // times that the replies to a group were said
	wg        sync.WaitGroup
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
	client, server := net.Pipe()
	r.mu.Lock()
	r.conns = append(r.conns, server)
	r.mu.Unlock()
	r.wg.Go(func() { r.serve(n, server) })
	return client, nil
}

func (r *relay) flush(in *bufio.Reader, out *bufio.Writer) {
	if in.Buffered() > 0 || out.Buffered() == 0 {
		return
	}
	r.mu.Lock()
	r.turns++
	r.mu.Unlock()
	out.Flush()
}

func (r *relay) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
}

func (r *relay) serve(n int, conn net.Conn) {
	defer conn.Close()
	defer func() {
		if r.closed != nil {
			r.closed(n)
		}
	}()
	in, out := bufio.NewReader(conn), bufio.NewWriter(conn)
	yes := false // to the last command
	say := func(command, usual string) bool {
		r.mu.Lock()
		r.commands = append(r.commands, command)
		answer := r.answer
		r.mu.Unlock()
		s := usual
		if answer != nil {
			s = answer(n, command, usual)
		}
		yes = s != "" && s[0] <= '3' && usual[0] <= '3'
		if s != "" && s != "-" {
			out.WriteString(s + "\r\n")
		}
		r.flush(in, out)
		return s != ""
	}
	mail, to, content := false, "", false
	if !say("greeting", "220 mail.test") {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		verb, _, _ := strings.Cut(line, " ")
		ok := true
		switch {
		case content && line == ".":
			content, mail = false, false
			usual := "250 2.0.0 queued"
			r.mu.Lock()
			answer := r.answer
			r.mu.Unlock()
			if answer != nil {
				usual = answer(n, "."+to, usual)
			}
			if strings.HasPrefix(usual, "250") || usual == "" || usual == "-" {
				r.commit(to)
			}
			if usual == "" {
				return
			}
			if usual != "-" {
				out.WriteString(usual + "\r\n")
			}
			r.flush(in, out)
		case content:
		case verb == "EHLO":
			ok = say(line, "250-mail.test\r\n250-8BITMIME\r\n250-REQUIRETLS\r\n250 PIPELINING")
		case verb == "MAIL":
			ok = say(line, "250 2.1.0 ok")
			mail, to = yes, ""
		case verb == "RCPT" && mail:
			ok = say(line, "250 2.1.5 ok")
			if yes {
				to, _, _ = strings.Cut(strings.TrimPrefix(line, "RCPT TO:<"), ">")
			}
		case verb == "DATA" && to != "":
			ok = say(line, "354 go")
			content = yes
		case verb == "RCPT" || verb == "DATA":
			ok = say(line, "503 5.5.1 not now")
		case verb == "AUTH":
			ok = say(line, "235 2.7.0 welcome")
		case verb == "QUIT":
			say(line, "221 bye")
			return
		default:
			ok = say(line, "250 2.0.0 ok")
		}
		if !ok {
			return
		}
	}
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
		r.hangUp()
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
