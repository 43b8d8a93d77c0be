package dialtest

import "fmt"

// Attack is what a [MITM] does. STARTTLS stands for STLS (POP3) as well.
type Attack uint8

const (
	// Honest forwards everything.
	Honest Attack = iota
	// Strip removes STARTTLS from the server's lists, also in an IMAP greeting, and
	// answers the command as a server that does not know it.
	Strip
	// Refuse leaves STARTTLS in the lists, and answers the command with a refusal.
	Refuse
	// Inject lets the upgrade through, and adds a forged line to the server's go-ahead,
	// in the same segment.
	Inject
	// InjectPartial is Inject with the beginning of a line, which the first line inside
	// TLS would complete.
	InjectPartial
	// Stall never answers STARTTLS; on a TLS port, the handshake.
	Stall
	// Cut hangs up on STARTTLS; on a TLS port, on the handshake.
	Cut
	// SwapCertificate terminates TLS itself, with a certificate for the right name from
	// a CA that no client trusts. If the client accepts it, it reads everything.
	SwapCertificate
	// PlainOnTLSPort greets in the clear at once, reads everything and never answers.
	PlainOnTLSPort
	numAttacks
)

// String returns the attack's name in words, as in "swap certificate".
func (a Attack) String() string {
	if a >= numAttacks {
		return fmt.Sprintf("attack %d", uint8(a))
	}
	return [...]string{
		"honest", "strip", "refuse", "inject", "inject partial", "stall", "cut",
		"swap certificate", "plain on TLS port",
	}[a]
}
