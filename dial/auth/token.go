package auth

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial"
)

const (
	oauthBearer = "OAUTHBEARER"
	xoauth2     = "XOAUTH2"
)

// Token is a bearer token of OAuth 2.0, sent by OAUTHBEARER (RFC 7628) if the
// server lists it, else by XOAUTH2. It is sent only over TLS: a token in the
// clear belongs to anyone who reads it (RFC 7628 §3, RFC 6750 §5.3).
type Token struct {
	User string // whom the token is for
	// Secret is the token: a [Secret], or what gives one at each login, as an account
	// of package dial/auth/oauth does, which is a module of its own.
	Secret Source

	// Mechanisms are the only ones that may be used, of OAUTHBEARER and
	// XOAUTH2. nil means both.
	Mechanisms []string

	// InsecureUnverified sends the token over TLS to a server that was not
	// verified, which may be anyone.
	InsecureUnverified bool
}

func (t Token) check() error {
	if err := checkText("user", t.User); err != nil {
		return err
	}
	if strings.Contains(t.User, "\x01") {
		return errors.New("user contains ^A") // which divides the message
	}
	if err := checkSource("token", t.Secret, checkToken); err != nil {
		return err
	}
	if len(t.mechanisms()) == 0 {
		return errors.New("no mechanism is allowed")
	}
	return checkNames(t.Mechanisms, tokenMechanisms)
}

func (t Token) terms() terms {
	return terms{source: t.Secret, checkSecret: checkToken, unverified: t.InsecureUnverified}
}

func (t Token) mechanisms() []mechanism {
	return slices.DeleteFunc(slices.Clone(tokenMechanisms), func(m mechanism) bool {
		return !m.allowedBy(t.Mechanisms)
	})
}

func (t Token) attempts(o *offer) ([]attempt, error) {
	return attemptsOf(t.mechanisms(), use{user: t.User}, o), nil
}

// checkToken refuses what is no token (RFC 6750 §2.1): a control in it could
// end the message and begin another.
func checkToken(token string) error {
	if token == "" {
		return errors.New("no token")
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return errors.New("token contains blanks, controls or other than ASCII")
		}
	}
	return nil
}

func runBearer(c *conversation, u use) (Answer, error) {
	return exchange(c, &bearer{mechanism: u.name, user: u.user, token: u.secret, endpoint: u.on.security.Endpoint})
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
