package auth_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/mailconn/mailconn/policy"
)

// outcome is how a server ends an authentication.
type outcome int

const (
	accept outcome = iota
	bad
	later
	vague // a refusal that says nothing
	never // one of the mechanism as such, for which POP3 has no word
	hangUp
	said // the play has said it itself
)

var finals = map[policy.Protocol][]string{
	policy.IMAP:       {"OK [CAPABILITY IMAP4rev1] in", "NO [AUTHENTICATIONFAILED] no", "NO [UNAVAILABLE] later", "NO no", "NO [CANNOT] no"},
	policy.Submission: {"235 in", "535 5.7.8 no", "454 4.7.0 later", "554 no", "504 5.5.4 no"},
	policy.POP3:       {"+OK in", "-ERR [AUTH] no", "-ERR [SYS/TEMP] later", "-ERR no", "-ERR no"},
}

// server is one of three protocols around a SASL exchange.
type server struct {
	p     policy.Protocol
	lists []string
	// silent means that SCRAM fails without a reason.
	silent bool
	// silentList means that an SMTP server does not list AUTH.
	silentList bool
	// noLogin means that an IMAP server lists no way to log in.
	noLogin bool
	// noUser means that a POP3 server does not list USER.
	noUser bool
	// refuseUser is what a POP3 server says to USER, if it is not OK.
	refuseUser string
	// noIR means that an IMAP server does not list SASL-IR.
	noIR bool
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
		if x.s.noLogin {
			x.say("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi")
			break
		}
		ir := "SASL-IR "
		if x.s.noIR {
			ir = ""
		}
		x.say("* OK [CAPABILITY IMAP4rev1 " + ir + "AUTH=" + strings.Join(x.s.lists, " AUTH=") + "] hi")
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
		if x.s.silentList {
			x.say("250 hi")
			break
		}
		x.say("250-hi\r\n250 AUTH " + strings.Join(x.s.lists, " "))
	case "CAPA":
		user := "USER\r\n"
		if x.s.noUser {
			user = ""
		}
		x.say("+OK\r\nSASL " + strings.Join(x.s.lists, " ") + "\r\nRESP-CODES\r\n" + user + ".")
	case "USER":
		if x.s.refuseUser != "" {
			x.say(x.s.refuseUser)
			break
		}
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
	if o == hangUp || o == said {
		return o == said
	}
	x.say(x.tag + finals[x.s.p][o])
	return true
}
