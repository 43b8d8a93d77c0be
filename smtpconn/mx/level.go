package mx

import (
	"fmt"
	"strings"
)

// Level is what a connection to a mail server of a domain must have. The zero value is
// unset, and an error of [New]. Except under NoTLS an attacker who changes what is sent on
// the way to the server achieves no more than a delay, unless the comment says otherwise.
type Level uint8

const (
	// NoTLS sends in the clear. It is the way to servers whose TLS does not work, and
	// never chosen by itself.
	NoTLS Level = iota + 1
	// May uses TLS with any server that offers it, and sends in the clear to one that
	// cleanly does not. An attacker on the way can read everything. An offer that
	// fails is an error, and never followed by a connection in the clear.
	May
	// Encrypt demands TLS, with any server. An attacker on the way can read everything,
	// but has to take the server's place to do so.
	Encrypt
	// DANE demands what the recipient's domain publishes: TLSA records in the signed DNS
	// (RFC 7672), or else an MTA-STS policy (RFC 8461). For domains that publish neither it
	// is as May.
	DANE
	// DANEOnly demands a server that TLSA records vouch for, for a domain whose MX
	// records are signed too.
	DANEOnly
	// Secure demands a certificate for the recipient's domain, or for one of Rule.Names,
	// or for an MX host that the signed DNS names.
	Secure
)

// levels returns the names of the levels, in the order of their values.
func levels() []string {
	return []string{"unset", "no-tls", "may", "encrypt", "dane", "dane-only", "secure"}
}

// Valid reports whether l is one of the levels above.
func (l Level) Valid() bool { return l >= NoTLS && l <= Secure }

// String returns the name of the level, as in "dane-only", "unset" for the zero value, and
// "level(n)" for a value n that is not a level.
func (l Level) String() string {
	if names := levels(); int(l) < len(names) {
		return names[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText returns the name of l. It fails for a value that is not a level.
func (l Level) MarshalText() ([]byte, error) {
	if !l.Valid() {
		return nil, fmt.Errorf("mx: %d is not a level", uint8(l))
	}
	return []byte(l.String()), nil
}

// UnmarshalText sets l to the level with the name in text. On error it leaves l unchanged.
func (l *Level) UnmarshalText(text []byte) error {
	for i, name := range levels() {
		if i > 0 && name == string(text) {
			*l = Level(i)
			return nil
		}
	}
	return fmt.Errorf("mx: not a level: %.64q: want one of %s", text, strings.Join(levels()[1:], ", "))
}

// Demand is what a connection to one host must have, as the rule and what the domain
// publishes come to. The zero value is for a host that is not used.
type Demand uint8

const (
	InTheClear    Demand = iota + 1 // no TLS: the operator's rule says NoTLS
	Opportunistic                   // TLS if the server offers it, not verified
	Encrypted                       // TLS, not verified
	ByTLSA                          // TLS, verified by Host.TLSA
	ByName                          // TLS, verified by a certificate for one of Host.Names
)

// String returns the demand in words, as in "tls by tlsa".
func (d Demand) String() string {
	names := []string{"none", "in the clear", "tls if offered", "tls", "tls by tlsa", "tls by name"}
	if int(d) < len(names) {
		return names[d]
	}
	return fmt.Sprintf("demand(%d)", uint8(d))
}
