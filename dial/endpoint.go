package dial

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/hostname"
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
	e := Endpoint{Protocol: p, Host: host}
	for _, pol := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS} {
		if n := int(p.DefaultPort(pol)); port == n || port == 0 {
			e.Policy, e.Port = pol, uint16(n)
			break
		}
	}
	if p.Valid() && e.Policy == 0 {
		return Endpoint{}, fmt.Errorf("dial: endpoint: %d is not a registered port of %v: write an Endpoint, and say its policy", port, p)
	}
	n, err := e.normal()
	if err != nil {
		return Endpoint{}, fmt.Errorf("dial: endpoint: %w", err)
	}
	return n, nil
}

// Address returns the host and port to connect to, in the form of
// net.JoinHostPort.
func (e Endpoint) Address() string {
	port := e.Port
	if port == 0 {
		port = e.Protocol.DefaultPort(e.Policy)
	}
	return net.JoinHostPort(e.Host, strconv.Itoa(int(port)))
}

// Validate returns the error that a dial of e returns before any I/O, and nil if e is
// valid.
func (e Endpoint) Validate() error {
	_, err := e.normal()
	return err
}

// normal returns e in its canonical form, with the port filled in, or an error if e is
// not valid.
func (e Endpoint) normal() (Endpoint, error) {
	switch {
	case e.Policy == 0:
		return e, &policy.Violation{Protocol: e.Protocol, Reason: policy.ErrUnset}
	case !e.Policy.Valid():
		return e, fmt.Errorf("%v is not a policy", e.Policy)
	case e.Protocol == 0:
		return e, errors.New("protocol not set")
	case !e.Protocol.Valid():
		return e, fmt.Errorf("%v is not a protocol", e.Protocol)
	}
	host, err := hostname.Normal(e.Host)
	if err != nil {
		return e, err
	}
	e.Host = host
	if e.Port == 0 {
		e.Port = e.Protocol.DefaultPort(e.Policy)
	}
	return e, nil
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
