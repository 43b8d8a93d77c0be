package policy

import "fmt"

// Protocol is a mail protocol that a connection speaks. The zero value is
// none of them.
type Protocol uint8

const (
	IMAP       Protocol = iota + 1 // RFC 9051, RFC 3501
	POP3                           // RFC 1939
	Submission                     // a client's own outgoing mail: RFC 6409
	SMTP                           // relay between servers: RFC 5321
)

// Valid reports whether p is one of the four protocols.
func (p Protocol) Valid() bool { return p >= IMAP && p <= SMTP }

// String returns the protocol's name in lower case, as in an endpoint's URL.
func (p Protocol) String() string {
	if !p.Valid() {
		return fmt.Sprintf("protocol(%d)", uint8(p))
	}
	return [...]string{"imap", "pop3", "submission", "smtp"}[p-1]
}

// DefaultPort returns the port that a server of this protocol listens on under
// the given policy: 143, 110, 587 and 25, and 993, 995, 465 and 465 for
// [ImplicitTLS]. It returns 0 if either is not valid.
func (p Protocol) DefaultPort(pol Policy) uint16 {
	switch {
	case !p.Valid() || !pol.Valid():
		return 0
	case pol == ImplicitTLS:
		return [...]uint16{993, 995, 465, 465}[p-1]
	}
	return [...]uint16{143, 110, 587, 25}[p-1]
}
