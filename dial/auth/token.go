package auth

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial"
)

const (
	oauthBearer = "OAUTHBEARER"
	xoauth2     = "XOAUTH2"
)

// Token is a bearer token of OAuth 2.0, sent by OAUTHBEARER (RFC 7628) if the
// server lists it, else by XOAUTH2. It is sent only over TLS: InsecureAuth
// does not change that.
type Token struct {
	User string // whom the token is for

	// Source returns the token, cached or new. It is called once for each
	// mechanism that is tried, before its exchange begins, and must return when
	// ctx ends, which it does with the connection's time limits. If the server
	// says that the token is not valid, it is called once more, and must not
	// return the same one: [RejectedToken] of ctx tells. Its error comes out as
	// the cause of one with KindCancelled.
	Source func(ctx context.Context) (Secret, error) `json:"-"`

	// Mechanisms are the only ones that may be used, of OAUTHBEARER and
	// XOAUTH2. nil means both.
	Mechanisms []string
}

func (t Token) check() error {
	if err := checkText("user", t.User); err != nil {
		return err
	}
	switch {
	case strings.Contains(t.User, "\x01"):
		return errors.New("user contains ^A") // which divides the message
	case t.Source == nil:
		return errors.New("no source of tokens")
	case len(t.acceptable()) == 0:
		return errors.New("no mechanism is allowed")
	}
	return checkNames(t.Mechanisms, tokenMechanisms())
}

func tokenMechanisms() []string { return []string{oauthBearer, xoauth2} }

func (t Token) acceptable() []string {
	var list []string
	for _, m := range tokenMechanisms() {
		if t.Mechanisms == nil || namedIn(t.Mechanisms, m) {
			list = append(list, m)
		}
	}
	return list
}

func (t Token) candidates(on site) ([]attempt, error) {
	var list []attempt
	for _, m := range t.acceptable() {
		if on.listed(m) {
			list = append(list, attempt{mechanism: m, run: t.run(m, on.security.Endpoint)})
		}
	}
	return list, nil
}

// run sends the token, and a second one if the server does not know the first.
func (t Token) run(mechanism string, e dial.Endpoint) func(context.Context, Carrier) (Answer, error) {
	return func(ctx context.Context, c Carrier) (Answer, error) {
		a, err := t.once(ctx, c, mechanism, e)
		if err != nil || a.token == nil || !a.token.stale() {
			return a, err
		}
		return t.once(context.WithValue(ctx, rejected{}, a.token), c, mechanism, e)
	}
}

func (t Token) once(ctx context.Context, c Carrier, mechanism string, e dial.Endpoint) (Answer, error) {
	secret, err := t.Source(ctx)
	if err == nil {
		err = checkToken(secret.reveal())
	}
	if err != nil {
		return Answer{}, cancelled(err)
	}
	return begin(c, &bearer{mechanism: mechanism, user: t.User, token: secret, endpoint: e})
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

// rejected is the key of what the server said about a token.
type rejected struct{}

// RejectedToken returns what the server said about the token that [Token]'s
// Source returned before, nil when it is called for the first time. Its Scope
// is what the next token should be good for (RFC 7628 §3.2.2).
func RejectedToken(ctx context.Context) *TokenError {
	e, _ := ctx.Value(rejected{}).(*TokenError)
	return e
}

// bearer is OAUTHBEARER or XOAUTH2.
type bearer struct {
	mechanism string
	user      string
	token     Secret
	endpoint  dial.Endpoint
	refused   bool
}

func (b *bearer) Start() (string, []byte, error) {
	if b.mechanism == xoauth2 {
		return b.mechanism, []byte("user=" + b.user + "\x01auth=Bearer " + b.token.reveal() + "\x01\x01"), nil
	}
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(b.user) // RFC 5801 §4
	message := "n,a=" + name + ",\x01" + b.where() + "auth=Bearer " + b.token.reveal() + "\x01\x01"
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

// Next reads a challenge, which for both mechanisms is a refusal: OAUTHBEARER
// wants it answered by ^A (RFC 7628 §3.2.3), XOAUTH2 by an empty response.
func (b *bearer) Next(challenge []byte) ([]byte, error) {
	if len(challenge) == 0 || b.refused {
		return nil, errNoChallenge
	}
	b.refused = true
	said, err := parseTokenError(challenge)
	if err != nil {
		return nil, err
	}
	response := []byte{1}
	if b.mechanism == xoauth2 {
		response = []byte{}
	}
	return nil, &verdict{response: response, answer: Answer{Status: Refused, Kind: KindCredentials, token: said}}
}
