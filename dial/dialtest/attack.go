package dialtest

import "fmt"

// Attack is what a [MITM] does. Where it concerns STARTTLS it means POP3's
// STLS too.
type Attack uint8

const (
	// Honest forwards everything.
	Honest Attack = iota
	// Strip takes STARTTLS out of the server's lists, an IMAP greeting's
	// included, and answers the command as a server that does not know it.
	Strip
	// Refuse leaves STARTTLS in the lists and answers the command as a server
	// that will not do it now.
	Refuse
	// Inject lets the upgrade through and puts a forged line behind the
	// server's go-ahead, in the same segment.
	Inject
	// InjectPartial is Inject with the beginning of a line, to which the first
	// one inside TLS would be added.
	InjectPartial
	// Stall never answers STARTTLS; on a TLS port, the handshake.
	Stall
	// Cut hangs up on STARTTLS; on a TLS port, on the handshake.
	Cut
	// SwapCertificate ends TLS itself, with a certificate for the right name
	// from a CA that no client trusts, and reads everything if it is accepted.
	SwapCertificate
	// PlainOnTLSPort greets in the clear at once, never answers, and waits for
	// what the client will say.
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
