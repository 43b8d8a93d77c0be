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

// Endpoint is a mail server and how to connect to it. It is comparable, and
// can be written as a URL, which is also its form in JSON and other texts: see
// [ParseEndpoint].
type Endpoint struct {
	Protocol policy.Protocol // what the server speaks
	// Host is a DNS name or an IP address without brackets. A name in Unicode
	// is turned into A-labels (RFC 5890) before anything is done with it.
	Host string
	// Port 0 is the default for the protocol and the policy.
	Port   uint16
	Policy policy.Policy
}

// NewEndpoint returns the endpoint of a host and one of the protocol's registered
// ports, which decides the policy: [policy.ImplicitTLS] for 993, 995 and 465,
// [policy.RequiredSTARTTLS] for 143, 110, 587 and 25. Port 0 is the one for
// ImplicitTLS. It never chooses a weaker policy. Any other port is an error: for
// those write an Endpoint, and say the policy.
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

// Validate returns what is wrong with e, as a dial would say it before any I/O,
// and nil if nothing is.
func (e Endpoint) Validate() error {
	_, err := e.normal()
	return err
}

// normal returns e with the host in its canonical form and the port filled in,
// or what is wrong with it.
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

// Peer returns the peer that e leads to, or what is wrong with e.
func (e Endpoint) Peer() (peers.Peer, error) {
	n, err := e.normal()
	if err != nil {
		return peers.Peer{}, err
	}
	return n.peer(), nil
}

// peer is Peer for an endpoint in its normal form.
func (e Endpoint) peer() peers.Peer {
	return peers.Peer{Protocol: e.Protocol, Host: e.Host, Port: e.Port}
}
