// Package endpoint checks the endpoints of package dial, and converts them from and
// to URLs.
package endpoint

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/policy"
)

// Endpoint is a dial.Endpoint: each can be converted to the other.
type Endpoint struct {
	Protocol policy.Protocol
	Host     string
	Port     uint16
	Policy   policy.Policy
}

// New returns the endpoint for a host and a registered port of the protocol. The port
// decides between ImplicitTLS and RequiredSTARTTLS; 0 means the port of ImplicitTLS.
func New(p policy.Protocol, host string, port int) (Endpoint, error) {
	e := Endpoint{Protocol: p, Host: host}
	for _, pol := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS} {
		if n := int(p.DefaultPort(pol)); port == n || port == 0 {
			e.Policy, e.Port = pol, uint16(n)
			break
		}
	}
	if p.Valid() && e.Policy == 0 {
		return Endpoint{}, fmt.Errorf("%d is not a registered port of %v: write an Endpoint, and say its policy", port, p)
	}
	e, err := e.Normal()
	if err != nil {
		return Endpoint{}, err
	}
	return e, nil
}

// Normal returns e in its canonical form, with the port filled in. If e is not valid, it
// returns e unchanged and an error.
func (e Endpoint) Normal() (Endpoint, error) {
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
	e.Host, e.Port = host, e.port()
	return e, nil
}

// port returns the port to connect to.
func (e Endpoint) port() uint16 {
	if e.Port == 0 {
		return e.Protocol.DefaultPort(e.Policy)
	}
	return e.Port
}

// Address returns the host and port to connect to, in the form of net.JoinHostPort.
func (e Endpoint) Address() string { return net.JoinHostPort(e.Host, strconv.Itoa(int(e.port()))) }

// At returns the endpoint of the same server under policy p, on the given port. Port 0
// means the registered port.
func (e Endpoint) At(p policy.Policy, port uint16) Endpoint {
	e.Policy, e.Port = p, port
	e.Port = e.port()
	return e
}
