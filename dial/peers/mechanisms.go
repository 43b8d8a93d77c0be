package peers

import (
	"fmt"
	"slices"
	"strings"
)

// Mechanisms is a set of SASL mechanisms. It can hold those that mail servers are
// known to list. Others are left out, so that no server can make a [Record] grow.
type Mechanisms uint32

// mechanismNames returns the mechanisms that a set can hold, in the order of their
// bits. Stores keep sets: a new name must be added at the end.
func mechanismNames() []string {
	return []string{
		"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "GSSAPI", "GS2-KRB5", "EXTERNAL", "ANONYMOUS",
		"XOAUTH2", "OAUTHBEARER",
		"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS",
	}
}

// MechanismSet returns the set of the given mechanisms, without those that a set
// cannot hold. Case does not matter.
func MechanismSet(names ...string) Mechanisms {
	var m Mechanisms
	known := mechanismNames()
	for _, name := range names {
		if i := slices.Index(known, strings.ToUpper(name)); i >= 0 {
			m |= 1 << i
		}
	}
	return m
}

// Names returns the names of the mechanisms in the set.
func (m Mechanisms) Names() []string {
	var list []string
	for i, name := range mechanismNames() {
		if m&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	return list
}

// String returns the names, separated by blanks.
func (m Mechanisms) String() string { return strings.Join(m.Names(), " ") }

// MarshalText returns the names, separated by blanks.
func (m Mechanisms) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText sets m to the set of the names in text, which are separated by blanks.
// It fails for a name that a set cannot hold or that is there twice, and then leaves
// m unchanged.
func (m *Mechanisms) UnmarshalText(text []byte) error {
	names := strings.Fields(string(text))
	set := MechanismSet(names...)
	if len(set.Names()) != len(names) {
		return fmt.Errorf("peers: not a set of SASL mechanisms: %.100q", text)
	}
	*m = set
	return nil
}

// SCRAM reports whether the set has a SCRAM mechanism, with which the client does not
// send the password and the server proves that it knows it (RFC 5802).
func (m Mechanisms) SCRAM() bool {
	return slices.ContainsFunc(m.Names(), func(name string) bool { return strings.HasPrefix(name, "SCRAM-") })
}
