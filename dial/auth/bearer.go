package auth

import (
	"bytes"
	"net"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial"
)

const (
	oauthBearer = "OAUTHBEARER"
	xoauth2     = "XOAUTH2"
)

func runBearer(c *conversation, u use) (Answer, error) {
	return exchange(c, &bearer{mechanism: u.name, user: u.user, token: u.secret, endpoint: u.on.setup.Endpoint()})
}

// bearer is OAUTHBEARER or XOAUTH2.
type bearer struct {
	mechanism string
	user      string
	token     string
	endpoint  dial.Endpoint
}

func (b *bearer) Start() (string, []byte, error) {
	if b.mechanism == xoauth2 {
		return b.mechanism, []byte("user=" + b.user + "\x01auth=Bearer " + b.token + "\x01\x01"), nil
	}
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(b.user) // RFC 5801 §4
	message := "n,a=" + name + ",\x01" + b.where() + "auth=Bearer " + b.token + "\x01\x01"
	return b.mechanism, []byte(message), nil
}

// where names the server, so that a token for one is of no use at another
// (RFC 7628 §3.1).
func (b *bearer) where() string {
	if b.endpoint.Host == "" {
		return ""
	}
	host := b.endpoint.Host
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		host = "[" + host + "]"
	}
	return "host=" + host + "\x01port=" + strconv.Itoa(int(b.endpoint.Port)) + "\x01"
}

// indifferent: a refusal that is not even base64 is one all the same.
func (b *bearer) indifferent() {}

// Next reads a challenge, which for both mechanisms is a refusal: OAUTHBEARER
// wants it answered by ^A (RFC 7628 §3.2.3), XOAUTH2 by an empty response. One that
// cannot be read tells nothing, but that the final answer is still to come.
func (b *bearer) Next(challenge []byte) ([]byte, error) {
	r := &refusal{response: []byte{1}}
	if b.mechanism == xoauth2 {
		r.response = []byte{}
	}
	switch said, err := parseTokenError(challenge); {
	case err == nil:
		r.kind, r.guessed, r.detail = KindCredentials, true, said
	case bytes.HasPrefix(challenge, []byte("{")): // JSON all the same
		r.kind, r.guessed = KindCredentials, true
	}
	return nil, r
}
