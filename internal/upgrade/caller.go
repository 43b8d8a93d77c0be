package upgrade

import (
	"crypto/tls"
	"net"

	"github.com/mailconn/mailconn/internal/line"
)

// Caller is told how an upgrade goes on. Its name is for EHLO in the clear.
type Caller interface {
	line.Named
	Phase(name string)           // begins
	Decided(Action, error)       // by the policy, about the server's offer
	Secured(tls.ConnectionState) // by a handshake
	// Follow is given each connection that the conversation goes over, the raw one
	// and that inside TLS, and returns the one to use.
	Follow(net.Conn) net.Conn
}

// The phases of an upgrade, in their order.
const (
	PhaseGreeting   = "greeting"
	PhaseCapability = "capability"
	PhaseSTARTTLS   = "starttls"
	PhaseHandshake  = "handshake"
)
