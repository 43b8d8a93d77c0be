package auth_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
)

// transport is a server's side of an authentication, written down: mechanisms it
// lists and answers it gives, in order. It writes down what it is sent.
type transport struct {
	list    []string
	own     string
	noIR    bool // an initial response cannot go with the command
	answers []auth.Answer
	err     error                          // once the answers are used up
	last    func(log []string) auth.Answer // the answer, if there are no answers, to a message
	log     []string
}

func (c *transport) Mechanisms() []string         { return c.list }
func (c *transport) Finish() error                { return nil }
func (c *transport) LoginCommand() (string, bool) { return c.own, c.own != "" }

func (c *transport) next(sent string) (auth.Answer, error) {
	c.log = append(c.log, sent)
	if c.last != nil {
		return c.scripted(sent)
	}
	if len(c.answers) == 0 {
		return auth.Answer{}, c.err
	}
	a := c.answers[0]
	if len(c.answers) > 1 || c.err != nil {
		c.answers = c.answers[1:]
	}
	return a, nil
}

// scripted asks for what a mechanism sends, and ends with last where all was sent.
func (c *transport) scripted(sent string) (auth.Answer, error) {
	switch {
	case sent == "start LOGIN ", sent == "start CRAM-MD5 ", len(c.log) == 2 && c.list[0] == "LOGIN":
		return ask, nil
	case strings.HasPrefix(sent, "start SCRAM"):
		_, nonce, _ := strings.Cut(sent, "r=")
		first := "r=" + nonce + "x,s=c2FsdA==,i=4096"
		return auth.Answer{Status: auth.Challenge, Challenge: base64.StdEncoding.EncodeToString([]byte(first))}, nil
	}
	return c.last(c.log), nil
}

func (c *transport) Start(mechanism string, ir []byte) (auth.Answer, bool, error) {
	if c.noIR {
		a, err := c.next("start " + mechanism)
		return a, false, err
	}
	a, err := c.next("start " + mechanism + " " + string(ir))
	return a, true, err
}

func (c *transport) Respond(response []byte) (auth.Answer, error) {
	return c.next("respond " + string(response))
}

func (c *transport) Cancel() error { c.log = append(c.log, "cancel"); return nil }

func (c *transport) Login(user, password string) (auth.Answer, error) {
	return c.next("login " + user + " " + password)
}

// stamper is a transport with a greeting for APOP.
type stamper struct {
	transport
	greeting string
}

func (s *stamper) Greeting() string { return s.greeting }

func (s *stamper) LoginDigest(user, digest string) (auth.Answer, error) {
	return s.next("apop " + user + " " + digest)
}

// authenticate logs in over on: without a connection where the credentials allow
// that, else over TLS with a server that is verified.
func authenticate(t *testing.T, on auth.Transport, creds auth.Credentials) (login dial.Login, err error) {
	t.Helper()
	switch creds.(type) {
	case nil, auth.Password, auth.SASL:
		return auth.Authenticate(t.Context(), nil, on, sessions.InClear(creds))
	}
	client, peer := net.Pipe()
	go (&server{p: policy.IMAP}).serve(tls.Server(peer, serverTLS(t, 0)))
	conn := connect(t, client, policy.IMAP, &dial.Dialer{})
	defer conn.Abort()
	conn.Setup(t.Context(), func(ctx context.Context, s *dial.Setup) error {
		login, err = auth.Authenticate(ctx, s, on, creds)
		return err
	})
	return login, err
}

var (
	yes    = auth.Answer{Status: auth.Accepted}
	prompt = auth.Answer{Status: auth.Challenge}
	ask    = auth.Answer{Status: auth.Challenge, Challenge: base64.StdEncoding.EncodeToString([]byte("Wie heißen Sie?"))}
)

func no(k auth.Kind) auth.Answer { return auth.Answer{Status: auth.Refused, Kind: k, Reply: "no"} }
