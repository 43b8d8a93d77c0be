// Package policy names how a mail connection must be protected, and the rules
// that a connection can break.
//
// A [Policy] says whether and when TLS is used; how the server's certificate
// is verified is a matter of the tls.Config and is the same under every
// policy that uses TLS. A [Violation] says which rule a server, or somebody
// in between, did not keep.
//
// Prefer [ImplicitTLS] (RFC 8314 §3); use [RequiredSTARTTLS] for servers that
// only have the old ports. The two other policies exist for networks whose
// owner accepts what their comments say.
package policy

import "fmt"

// Policy says whether and when a connection is protected by TLS.
//
// The zero value is unset: every dial refuses it with [ErrUnset], so that a
// setting somebody forgot can never mean plaintext.
type Policy uint8

const (
	// NoTLS keeps the connection in the clear. STARTTLS is never sent, and a
	// server that offers it is not taken up on it.
	//
	// Guaranteed: nothing about secrecy or about whom you talk to. The
	// sessions refuse to send credentials unless told otherwise by an option
	// whose name begins with Insecure.
	//
	// An active attacker, and anybody who can listen, reads everything and can
	// change everything.
	NoTLS Policy = iota + 1

	// ImplicitTLS speaks TLS from the first byte, on a port made for it
	// (993, 995, 465). The greeting is read inside TLS.
	//
	// Guaranteed: the first byte sent belongs to a TLS handshake, and nothing
	// follows the handshake unless the server's certificate was verified.
	//
	// An active attacker can block the connection, which is an error, and can
	// see the server's name and address and how much is transferred.
	ImplicitTLS

	// OpportunisticSTARTTLS begins in the clear, asks the server for its
	// capabilities, and upgrades with STARTTLS or STLS if they are offered.
	// From the moment they are offered it is as strict as [RequiredSTARTTLS].
	// If the server cleanly does not offer them the connection stays in the
	// clear and says so.
	//
	// Guaranteed: a connection is in the clear only when the server's answer
	// did not offer an upgrade; never after a refusal, a failed handshake or a
	// bad certificate. The caller hears of it first and may veto it, and the
	// sessions send no credentials over it by themselves.
	//
	// An active attacker can remove the offer and so read and change
	// everything that is sent in the clear (RFC 3207 §6). A listener that
	// changes nothing learns no more than under [RequiredSTARTTLS].
	OpportunisticSTARTTLS

	// RequiredSTARTTLS begins in the clear and demands the upgrade, whether or
	// not the server's forgeable list offers it. In the clear are sent: EHLO
	// for SMTP, STARTTLS or STLS, and after a refusal at most one question for
	// the server's capabilities.
	//
	// Guaranteed: the same as [ImplicitTLS] from the handshake on, and nothing
	// that was read in the clear is used after it.
	//
	// An active attacker can prevent the connection, which is an error, and
	// can see what was sent in the clear: that this is a mail client.
	RequiredSTARTTLS
)

// words are the policies' names in configuration files, by value.
func words() [4]string {
	return [...]string{"no-tls", "implicit-tls", "opportunistic-starttls", "required-starttls"}
}

// Parse returns the policy with the given name: one of no-tls, implicit-tls,
// opportunistic-starttls and required-starttls. The empty string is the unset
// policy, which every dial refuses. Anything else is an error that names the
// four words.
func Parse(name string) (Policy, error) {
	if name == "" {
		return 0, nil
	}
	for i, w := range words() {
		if w == name {
			return Policy(i + 1), nil
		}
	}
	w := words()
	return 0, fmt.Errorf("policy: unknown policy %q: want %s, %s, %s or %s", clip(name, 64), w[0], w[1], w[2], w[3])
}

// Valid reports whether p is one of the four policies.
func (p Policy) Valid() bool { return p >= NoTLS && p <= RequiredSTARTTLS }

// STARTTLS reports whether p upgrades a connection that began in the clear.
func (p Policy) STARTTLS() bool { return p == OpportunisticSTARTTLS || p == RequiredSTARTTLS }

// String returns the policy's name as [Parse] reads it, "unset" for the zero
// value, and the number of a value that is not a policy.
func (p Policy) String() string {
	switch {
	case p == 0:
		return "unset"
	case p.Valid():
		return words()[p-1]
	}
	return fmt.Sprintf("policy(%d)", uint8(p))
}

// MarshalText returns the policy's name, and nothing for the unset policy. A
// value that is not a policy is an error.
func (p Policy) MarshalText() ([]byte, error) {
	switch {
	case p == 0:
		return []byte{}, nil
	case p.Valid():
		return []byte(p.String()), nil
	}
	return nil, fmt.Errorf("policy: %d is not a policy", uint8(p))
}

// UnmarshalText sets p to the policy that [Parse] finds in text. On error p is
// left as it was.
func (p *Policy) UnmarshalText(text []byte) error {
	v, err := Parse(string(text))
	if err != nil {
		return err
	}
	*p = v
	return nil
}
