package smtpconn

import (
	"fmt"

	"github.com/emersion/go-smtp"
)

// Receipt says that the server has taken responsibility for a message, and for
// whom.
type Receipt struct {
	Accepted []string  // recipients the message was taken for, at least one
	Refused  []Refusal // recipients it was not taken for: with Envelope.Partial
	Reply    string    // the server's last word, made printable: often a queue id
}

// Refusal is a recipient that was refused, and the server's reply. The text in the
// reply is made printable.
type Refusal struct {
	Recipient string          // as in the envelope
	Reply     *smtp.SMTPError // what the server said to it
}

// String returns the recipient and the server's reply on one line, as in
// "<ann@example.org>: 550 5.1.1 no such user".
func (r Refusal) String() string { return fmt.Sprintf("<%s>: %s", r.Recipient, replyLine(r.Reply)) }

// Outcome is what became of a message that has no [Receipt]. It is in the chain of
// every [*SendError]:
//
//	if errors.Is(err, smtpconn.InDoubt) { ... }
type Outcome uint8

const (
	// NotSent is a message that the server cannot have taken: its end was not
	// sent. Sending it again is safe.
	NotSent Outcome = iota + 1
	// Refused is a message that the server said no to, for now or for ever.
	Refused
	// InDoubt is a message whose end was given to the connection, and no reply
	// came. The server may have taken it: sent again it may arrive twice.
	InDoubt
)

// Error returns the outcome in words, as in "not sent".
func (o Outcome) Error() string {
	switch o {
	case NotSent:
		return "not sent"
	case Refused:
		return "refused"
	case InDoubt:
		return "in doubt"
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// Phase is how far a message got that has no [Receipt].
type Phase string

const (
	PhaseConfig  Phase = "config"  // nothing was sent: the call, the envelope, or what the server offers
	PhaseConnect Phase = "connect" // a pool had no connection for it
	PhaseMail    Phase = "mail"    // MAIL: the sender
	PhaseRcpt    Phase = "rcpt"    // RCPT: the recipients
	PhaseData    Phase = "data"    // DATA
	PhaseContent Phase = "content" // header and body, which may be found wrong before anything is sent
	PhaseEnd     Phase = "end"     // the end of the message, and the reply to it
)
