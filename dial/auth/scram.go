package auth

import (
	"crypto/rand"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/xdg-go/scram"

	"github.com/mailconn/mailconn/internal/saslprep"
	"github.com/mailconn/mailconn/internal/scramlimits"
	"github.com/mailconn/mailconn/internal/wire"
)

// scramClient is a SCRAM mechanism (RFC 5802, RFC 7677) as a sasl.Client. A
// challenge is checked before any work is done for it.
type scramClient struct {
	mechanism string
	talk      *scram.ClientConversation
	nonce     string // ours
	steps     int
}

// gs2 is what the client says about channel binding (RFC 5802 §6).
type gs2 byte

const (
	cannotBind gs2 = 'n' // it has nothing to bind to, or does not want to
	wouldBind  gs2 = 'y' // it could, and believes that the server cannot
	binds      gs2 = 'p'
)

func runSCRAM(c *conversation, u use) (Answer, error) {
	client, err := newSCRAM(u, rand.Text()) // 128 random bits and more
	if err != nil {
		return Answer{}, cancelled(err)
	}
	return exchange(c, client)
}

// newSCRAM prepares user and password, and fails if that does.
func newSCRAM(u use, nonce string) (*scramClient, error) {
	texts, err := saslprep.Prepare(u.user, u.secret)
	if err != nil {
		return nil, err
	}
	client, err := u.hash.NewClientUnprepped(texts[0], texts[1], u.identity)
	if err != nil {
		return nil, errors.New("SCRAM cannot be set up") // its words may quote the password
	}
	client.WithMinIterations(scramlimits.MinIterations).WithNonceGenerator(func() string { return nonce })
	s := &scramClient{mechanism: u.name, nonce: nonce}
	switch u.flag {
	case binds:
		s.talk = client.NewConversationWithChannelBinding(u.on.channel())
	case wouldBind:
		s.talk = client.NewConversationAdvertisingChannelBinding()
	default:
		s.talk = client.NewConversation()
	}
	return s, nil
}

func (s *scramClient) Start() (string, []byte, error) {
	first, err := s.talk.Step("")
	return s.mechanism, []byte(first), err
}

func (s *scramClient) Next(challenge []byte) ([]byte, error) {
	text := string(challenge)
	if said, ok := strings.CutPrefix(text, "e="); ok {
		return nil, scramRefusal(said)
	}
	if s.steps == 0 && !strings.HasPrefix(text, "r=") && !strings.HasPrefix(text, "m=") {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	s.steps++
	switch s.steps {
	case 1:
		return s.final(text)
	case 2:
		if _, err := s.talk.Step(text); err != nil || !s.talk.Valid() {
			return nil, &Error{Kind: KindServerProof, Err: errors.New("signature is wrong")}
		}
		return []byte{}, nil
	}
	return nil, errors.New("challenge after the end of SCRAM")
}

// final returns the proof that answers the server's first message.
func (s *scramClient) final(serverFirst string) ([]byte, error) {
	if err := scramlimits.Check(serverFirst, s.nonce); err != nil {
		return nil, err
	}
	proof, err := s.talk.Step(serverFirst)
	if err != nil {
		return nil, errors.New("malformed challenge")
	}
	return []byte(proof), nil
}

// complete reports an exchange in which the server has not shown that it knows
// the password, whatever it said (RFC 5802 §5).
func (s *scramClient) complete() error {
	if !s.talk.Valid() {
		return &Error{Kind: KindServerProof, Err: errors.New("login was accepted without a signature")}
	}
	return nil
}

// scramError is a server-error-value (RFC 5802 §7), as the server sent it.
type scramError string

func (e scramError) Error() string { return wire.Printable("server said e=" + string(e)) }

// scramRefusal reads a server-error-value.
func scramRefusal(said string) *refusal {
	r := &refusal{response: []byte{}, kind: KindRefused, detail: scramError(said)}
	switch value, _, _ := strings.Cut(said, ","); value {
	case "invalid-proof", "unknown-user":
		r.kind = KindCredentials
	case "other-error": // servers say it so as not to say the above
		r.kind, r.guessed = KindCredentials, true
	case "no-resources":
		r.kind = KindTemporary
	case "channel-bindings-dont-match", "server-does-support-channel-binding":
		r.kind = KindChannelBinding
	case "channel-binding-not-supported", "unsupported-channel-binding-type":
		r.kind = KindMechanism
	}
	return r
}
