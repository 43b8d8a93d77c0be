package auth

import (
	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// A Carrier carries an authentication in the lines of one protocol. Its
// methods return an error if the connection is of no use any more, and an
// [Answer] for what the server said. Text of the server in an Answer is as the
// server sent it.
type Carrier interface {
	// Mechanisms returns the SASL mechanisms that the server lists.
	Mechanisms() []string
	// Start sends the command that begins an exchange. If the initial response
	// ir can go with it, it does and sent is true; nil means there is none.
	Start(mechanism string, ir []byte) (a Answer, sent bool, err error)
	// Respond sends a response to a challenge.
	Respond(response []byte) (Answer, error)
	// Cancel ends an exchange that waits for a response.
	Cancel() error
	// OwnLogin names the protocol's command for a user and a password without
	// SASL, "" if it has none or the server does not take it.
	OwnLogin() string
	// Login sends that command.
	Login(user, password string) (Answer, error)
	// Finish does what the protocol wants done after a login.
	Finish() error
}

// A Stamper is a [Carrier] whose protocol has a command for a user and a
// digest of the password with a time stamp, as POP3's APOP (RFC 1939 §7).
type Stamper interface {
	// Stamp returns the time stamp, brackets and all, that the server gave on
	// this very level of the connection, "" without one.
	Stamp() string
	// LoginDigest sends the command.
	LoginDigest(user, digest string) (Answer, error)
}

// Status is what a server's answer means.
type Status uint8

const (
	Refused   Status = iota // the attempt is over and failed
	Accepted                // the attempt is over: we are logged in
	Challenge               // a response is awaited
)

// Answer is what a server says in an authentication.
type Answer struct {
	Status    Status // what becomes of the attempt
	Challenge string // in base64, as the server sent it, for a Challenge
	Kind      Kind   // why it was Refused
	Guessed   bool   // the server did not say why: Kind is the likeliest
	Reply     string // its words, for a Refused

	token *TokenError // what a server said about a token
}

// site is what credentials see of the connection that they are for.
type site struct {
	Carrier
	security dial.Security
	lists    []string // SASL mechanisms
}

func newSite(c Carrier, s dial.Security) site { return site{c, s, c.Mechanisms()} }

// listed reports whether the server lists a SASL mechanism.
func (s site) listed(mechanism string) bool {
	return namedIn(s.lists, mechanism)
}

// stamp returns the server's time stamp.
func (s site) stamp() string {
	if st, ok := s.Carrier.(Stamper); ok {
		return st.Stamp()
	}
	return ""
}

// offered is what the server takes, for an error's reader.
func (s site) offered() []string {
	var list []string
	for _, m := range s.lists {
		list = append(list, wire.Printable(m))
	}
	if s.stamp() != "" {
		list = append(list, apop)
	}
	if own := s.OwnLogin(); own != "" {
		list = append(list, own)
	}
	return list
}
