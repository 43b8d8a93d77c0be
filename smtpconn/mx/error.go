package mx

import (
	"fmt"
	"net/netip"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/wire"
)

// Session is an attempt at one address of a host, or a host that was not used, with the
// evidence.
type Session struct {
	Domain string     // of the recipients
	Host   string     // as in Host.Name
	Addr   netip.Addr // not valid for a host that was not used
	Level  Level      // of the rule that counts
	Demand Demand     // what the connection had to have
	Why    string     // why
	// TLSA are the records that the server was to be verified by. Matched is the one that
	// its certificate matches, nil without one.
	TLSA    []dns.TLSA
	Matched *dns.TLSA
	// Security is what was achieved; zero if the connection was not settled.
	Security dial.Security
	// Untrue is what an MTA-STS policy in mode testing would have refused the host for.
	Untrue error
	// Err is why the message did not go this way; nil if this server has answered for it,
	// with a yes or a no.
	Err error
}

// String returns one line for a log, printable and at most 512 bytes long.
func (s Session) String() string {
	text := fmt.Sprintf("%s: %s", s.Domain, s.Host)
	if s.Addr.IsValid() {
		text += " " + s.Addr.String()
	}
	text += fmt.Sprintf(": %v, %v (%s)", s.Level, s.Demand, s.Why)
	if s.Security.Endpoint != (dial.Endpoint{}) {
		text += ": " + s.Security.String()
	}
	if s.Untrue != nil {
		text += ": MTA-STS: " + s.Untrue.Error()
	}
	if s.Err != nil {
		text += ": " + s.Err.Error()
	}
	return wire.Printable(text)
}

// Error is a domain to which a message was not brought: no host could be had as the rule
// demands, or none is there.
type Error struct {
	Domain string // as A-labels
	Level  Level  // of the rule that counts
	// Status is the code for a delivery status notification (RFC 3463): it begins with 5
	// if the message is to be returned, and with 4 if time may mend it.
	Status [3]int
	Tried  []Session // all attempts, in order
	Err    error     // why; nil if Tried says it
}

// Final reports whether the message is to be returned to its sender.
func (e *Error) Final() bool { return e.Status[0] == 5 }

// Error returns the domain, the status and the cause, or that of the last attempt. It is
// printable and at most 512 bytes long.
func (e *Error) Error() string {
	s := fmt.Sprintf("mx: %s (%v): %d.%d.%d", e.Domain, e.Level, e.Status[0], e.Status[1], e.Status[2])
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if n := len(e.Tried); n > 0 {
		last := e.Tried[n-1]
		s += fmt.Sprintf(": %d tried, the last: %s: %v", n, last.Host, last.Err)
	}
	return wire.Printable(s)
}

// Unwrap returns the cause, and the errors of all attempts.
func (e *Error) Unwrap() []error {
	all := []error{&wire.Attempts{Temporary: !e.Final()}}
	if e.Err != nil {
		all = append(all, e.Err)
	}
	for _, s := range e.Tried {
		if s.Err != nil {
			all = append(all, s.Err)
		}
	}
	return all
}
