package auth_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// outcome is how a server ends an authentication.
type outcome int

const (
	accept outcome = iota
	bad
	later
	vague // a refusal that says nothing
	hangUp
)

var finals = map[policy.Protocol][]string{
	policy.IMAP:       {"OK [CAPABILITY IMAP4rev1] in", "NO [AUTHENTICATIONFAILED] no", "NO [UNAVAILABLE] later", "NO no"},
	policy.Submission: {"235 in", "535 5.7.8 no", "454 4.7.0 later", "554 no"},
	policy.POP3:       {"+OK in", "-ERR [AUTH] no", "-ERR [SYS/TEMP] later", "-ERR no"},
}

// server is one of three protocols around a SASL exchange.
type server struct {
	p     policy.Protocol
	lists []string
	// silent means that SCRAM fails without a reason.
	silent bool
	// play is the server's side of the exchange with a mechanism.
	play func(x *talk, mechanism string) outcome

	mu   sync.Mutex
	seen []string // lines in both directions, inside TLS
}

// talk is an exchange under way.
type talk struct {
	s       *server
	conn    net.Conn
	in      *bufio.Reader
	tls     tls.ConnectionState
	tag     string
	initial []string

	answered int // challenges
}

func (x *talk) say(line string) {
	x.s.note("S: " + line)
	fmt.Fprintf(x.conn, "%s\r\n", line)
}

func (x *talk) line() (string, error) {
	line, err := x.in.ReadString('\n')
	if err == nil {
		x.s.note("C: " + strings.TrimRight(line, "\r\n"))
	}
	return strings.TrimRight(line, "\r\n"), err
}

func (s *server) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, line)
}

func (s *server) transcript() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.seen, "\n")
}

var errGivenUp = errors.New("client gave up")

// raw sends what it is given as a challenge and returns the response.
func (x *talk) raw(challenge string) (string, error) {
	prefix := "+ "
	if x.s.p == policy.Submission {
		prefix = "334 "
	}
	x.say(prefix + challenge)
	x.answered++
	line, err := x.line()
	if line == "*" {
		return "", errGivenUp
	}
	text, bad := base64.StdEncoding.DecodeString(line)
	return string(text), errors.Join(err, bad)
}

// first returns the initial response, asked for if it did not come along.
func (x *talk) first() (string, error) {
	if len(x.initial) == 0 {
		return x.raw("")
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(x.initial[0], "="))
	return string(text), err
}

func (x *talk) ask(challenge string) (string, error) {
	return x.raw(base64.StdEncoding.EncodeToString([]byte(challenge)))
}

func (s *server) serve(conn *tls.Conn) {
	defer conn.NetConn().Close() // without a farewell, for which a pipe has no room
	x := &talk{s: s, conn: conn, in: bufio.NewReader(conn)}
	if conn.Handshake() != nil {
		return
	}
	x.tls = conn.ConnectionState()
	x.greet()
	for {
		line, err := x.line()
		if err != nil || !x.command(line) {
			return
		}
	}
}

const stamp = "<1896.697170952@dbc.mtview.ca.us>"

func (x *talk) greet() {
	switch x.s.p {
	case policy.IMAP:
		x.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=" + strings.Join(x.s.lists, " AUTH=") + "] hi")
	case policy.POP3:
		x.say("+OK hi " + stamp)
	default:
		x.say("220 hi")
	}
}

// command reports whether to go on.
func (x *talk) command(line string) bool {
	if x.s.p == policy.IMAP {
		x.tag, line, _ = strings.Cut(line, " ")
		x.tag += " "
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		x.say(x.tag + finals[x.s.p][vague])
		return true
	}
	switch words[0] {
	case "EHLO":
		x.say("250-hi\r\n250 AUTH " + strings.Join(x.s.lists, " "))
	case "CAPA":
		x.say("+OK\r\nSASL " + strings.Join(x.s.lists, " ") + "\r\nRESP-CODES\r\nUSER\r\n.")
	case "USER":
		x.say("+OK")
	case "AUTH", "AUTHENTICATE":
		x.initial = words[2:]
		return x.final(x.s.play(x, words[1]))
	case "LOGIN", "PASS", "APOP":
		x.initial = words[1:]
		return x.final(x.s.play(x, words[0]))
	default:
		x.say(x.tag + finals[x.s.p][vague])
	}
	return true
}

func (x *talk) final(o outcome) bool {
	if o == hangUp {
		return false
	}
	x.say(x.tag + finals[x.s.p][o])
	return true
}

var testCA = sync.OnceValues(dialtest.NewCA)

func authority(t testing.TB) *dialtest.CA {
	t.Helper()
	ca, err := testCA()
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// serverTLS is a config with a certificate of its own; every call makes one.
func serverTLS(t testing.TB, max uint16) *tls.Config {
	t.Helper()
	cert, err := authority(t).Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: max}
}

// login authenticates to s over TLS in memory.
func login(t testing.TB, s *server, creds auth.Credentials) (dial.Login, error) {
	t.Helper()
	return loginBy(t, s, &dial.Dialer{}, creds)
}

func loginBy(t testing.TB, s *server, d *dial.Dialer, creds auth.Credentials) (dial.Login, error) {
	t.Helper()
	client, peer := net.Pipe()
	go s.serve(tls.Server(peer, serverTLS(t, 0)))
	return loginOver(t, client, s.p, d, creds)
}

func loginWith(ctx context.Context, t testing.TB, s *server, creds auth.Credentials) (dial.Login, error) {
	t.Helper()
	client, peer := net.Pipe()
	go s.serve(tls.Server(peer, serverTLS(t, 0)))
	conn := connect(t, client, s.p, &dial.Dialer{})
	defer conn.Abort()
	return enter(ctx, conn, s.p, creds, false)
}

func loginOver(t testing.TB, client net.Conn, p policy.Protocol, d *dial.Dialer, creds auth.Credentials) (dial.Login, error) {
	t.Helper()
	conn := connect(t, client, p, d)
	defer conn.Abort()
	return enter(t.Context(), conn, p, creds, false)
}

func connect(t testing.TB, client net.Conn, p policy.Protocol, d *dial.Dialer) *dial.Conn {
	t.Helper()
	d.TLSConfig = authority(t).ClientConfig()
	conn, err := d.NewConn(context.Background(), client, dial.Endpoint{Protocol: p, Host: "mail.test", Policy: policy.ImplicitTLS})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// enter begins a session and returns how it was authenticated.
func enter(ctx context.Context, conn *dial.Conn, p policy.Protocol, creds auth.Credentials, insecure bool) (dial.Login, error) {
	var err error
	switch p {
	case policy.IMAP:
		_, err = imapconn.New(ctx, conn, &imapconn.Options{Auth: creds, InsecureAuth: insecure})
	case policy.POP3:
		_, err = pop3conn.New(ctx, conn, &pop3conn.Options{Auth: creds, InsecureAuth: insecure})
	default:
		_, err = smtpconn.New(ctx, conn, &smtpconn.Options{Auth: creds, InsecureAuth: insecure})
	}
	return conn.Security().Login, err
}

var protocols = []policy.Protocol{policy.IMAP, policy.Submission, policy.POP3}
