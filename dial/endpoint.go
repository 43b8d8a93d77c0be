package dial

import (
	"fmt"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/endpoint"
	"github.com/mailconn/mailconn/policy"
)

// Endpoint is a mail server, and how a connection to it must be protected. It is
// comparable. In JSON and other text formats it is a URL: see [ParseEndpoint].
type Endpoint struct {
	Protocol policy.Protocol // the protocol of the server
	// Host is a DNS name, or an IP address without brackets. A name in Unicode is
	// converted to A-labels (RFC 5890) before it is used.
	Host string
	// Port is the port. Zero means the registered port for Protocol and Policy.
	Port uint16
	// Policy says how the connection must be protected. It must be set.
	Policy policy.Policy
}

// NewEndpoint returns the endpoint for a host and a registered port of the protocol.
// The port decides the policy: [policy.ImplicitTLS] for 993, 995 and 465, and
// [policy.RequiredSTARTTLS] for 143, 110, 587 and 25. Port 0 means the port for
// ImplicitTLS. NewEndpoint never chooses a weaker policy. For any other port it returns
// an error; write an Endpoint with a policy instead.
func NewEndpoint(p policy.Protocol, host string, port int) (Endpoint, error) {
	e, err := endpoint.New(p, host, port)
	if err != nil {
		return Endpoint{}, fmt.Errorf("dial: endpoint: %w", err)
	}
	return Endpoint(e), nil
}

// ParseEndpoint parses the URL of an endpoint: a scheme, a host and optionally a port.
//
//	imaps:// pop3s:// submissions:// smtps://   ImplicitTLS
//	imap:// pop3:// submission:// smtp://       RequiredSTARTTLS
//	imap+starttls:// and so on                  RequiredSTARTTLS, explicitly
//	imap+opportunistic:// and so on             OpportunisticSTARTTLS
//	imap+plain:// and so on                     NoTLS
//
// IPv6 addresses are in brackets, and names may be in Unicode. A user or a password is
// an error, since endpoints are logged and shown. A path other than "/", a query or a
// fragment is an error too. No error quotes a part of the URL that may be a password.
func ParseEndpoint(url string) (Endpoint, error) {
	e, err := endpoint.Parse(url)
	if err != nil {
		return Endpoint{}, fmt.Errorf("dial: %w", err)
	}
	return Endpoint(e), nil
}

// MustParseEndpoint is like [ParseEndpoint], but panics if url is not valid. It is for
// URLs that are constants in a program.
func MustParseEndpoint(url string) Endpoint {
	e, err := ParseEndpoint(url)
	if err != nil {
		panic(err)
	}
	return e
}

// Address returns the host and port to connect to, in the form of
// net.JoinHostPort.
func (e Endpoint) Address() string { return endpoint.Endpoint(e).Address() }

// String returns e as a URL that [ParseEndpoint] parses, with the port if it is set.
func (e Endpoint) String() string { return endpoint.Endpoint(e).String() }

// Validate returns the error that a dial of e returns before any I/O, and nil if e is
// valid.
func (e Endpoint) Validate() error {
	_, err := e.normal()
	return err
}

// normal returns e in its canonical form, with the port filled in, or an error if e is
// not valid.
func (e Endpoint) normal() (Endpoint, error) {
	n, err := endpoint.Endpoint(e).Normal()
	return Endpoint(n), err
}

// Peer returns the peer of e, for a [peers.Store]. It fails if e is not valid.
func (e Endpoint) Peer() (peers.Peer, error) {
	n, err := e.normal()
	if err != nil {
		return peers.Peer{}, err
	}
	return n.peer(), nil
}

// peer returns the peer of e, which is in its canonical form.
func (e Endpoint) peer() peers.Peer {
	return peers.Peer{Protocol: e.Protocol, Host: e.Host, Port: e.Port}
}

// MarshalText returns e as a URL, which is empty for the zero Endpoint. It fails if e is
// not valid.
func (e Endpoint) MarshalText() ([]byte, error) {
	if e == (Endpoint{}) {
		return []byte{}, nil
	}
	if _, err := e.normal(); err != nil {
		return nil, fmt.Errorf("dial: endpoint: %w", err)
	}
	return []byte(e.String()), nil
}

// UnmarshalText sets e to the endpoint that [ParseEndpoint] returns for text, and to the
// zero Endpoint for an empty text. On error it leaves e unchanged.
func (e *Endpoint) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*e = Endpoint{}
		return nil
	}
	v, err := ParseEndpoint(string(text))
	if err != nil {
		return err
	}
	*e = v
	return nil
}
