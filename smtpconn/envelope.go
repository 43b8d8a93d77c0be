package smtpconn

import (
	"context"
	"errors"
	"io"
	"net/mail"

	"github.com/emersion/go-smtp"
)

// Envelope says from whom a message comes, to whom it goes and how. It is the
// caller's and is not changed; nothing in it may be changed while it is being sent.
//
// What it asks for must be offered by the server: if an extension is missing the
// message is not sent, and the error holds an [*ExtensionError]. Nothing is left
// out without an error.
type Envelope struct {
	// From is the address for failures, without angle brackets; "" is the null
	// reverse-path (RFC 5321 §4.5.5).
	From string

	// To are the recipients, without angle brackets; at least one, and no more
	// than [Limits] allow: a message is not split ([ErrServerLimits]).
	//
	// An address with characters beyond ASCII, here or in From, is sent with
	// SMTPUTF8 (RFC 6531). Where the server does not offer that, the domain is sent
	// as an A-label (RFC 5890), and characters beyond ASCII in a local part are an
	// error.
	To []string

	// Mail are the options of the whole message; nil means none.
	//
	// Body is what the message contains. "" means text, declared as 8BITMIME where
	// the server lists it; where it does not, bytes beyond ASCII are an error
	// ([ErrEightBit]). [smtp.Body8BitMIME] demands 8BITMIME, and [smtp.Body7Bit]
	// ASCII. [smtp.BodyBinaryMIME] needs BINARYMIME and CHUNKING. Nothing is
	// re-encoded.
	//
	// Size, if it is not zero, is declared as it is; otherwise the size is declared
	// if it is known. RequireTLS needs a session whose server was verified (RFC
	// 8689 §4.2.1).
	Mail *smtp.MailOptions

	// Rcpt are options for the recipients, by their index in To; it may be shorter,
	// and nil means none. DeliverBy and MTPriority are sent with RCPT, as go-smtp
	// does; RFC 2852 and RFC 6710 have them with MAIL, and a server that goes by
	// those refuses the recipient.
	Rcpt []*smtp.RcptOptions

	// Partial sends the message to the recipients that the server accepts even if
	// it refuses others, which are in Receipt.Refused. If Partial is false, and the
	// server refuses one recipient, the message is sent to none. Then a message to
	// several recipients takes one round trip more, as DATA has to wait for the
	// replies to all of them.
	Partial bool

	// NormalizeLines turns bare CR and bare LF into CRLF. Without it a message that
	// has one is an error ([ErrLineEnds]). It has no effect on BINARYMIME, whose
	// bytes are sent as they are.
	NormalizeLines bool

	// ShortLines makes a line of more than 998 octets an error ([ErrLongLine]).
	// RFC 5321 §4.5.3.1.6 promises no more. Most servers take longer ones, but some
	// break them, which spoils signatures. It has no effect on BINARYMIME.
	ShortLines bool

	// BeforeEnd, if it is not nil, is called at most once for each attempt to send
	// the message, when everything but its end was given to the connection: a
	// program can record that from now on the server may have it. It is given the
	// context of the call that sends, and must return when that ends.
	//
	// If it returns an error the message is left unfinished: it is not sent, the
	// connection is closed, and the message is not at fault. An outcome is never
	// InDoubt unless BeforeEnd has returned nil.
	BeforeEnd func(context.Context) error
}

// NewEnvelope returns an envelope for addresses as net/mail parses them: what
// stands in a header as "Ann <ann@example.org>". A nil from is the null
// reverse-path. Quotes that a local part needs are put around it.
func NewEnvelope(from *mail.Address, to ...*mail.Address) Envelope {
	e := Envelope{To: make([]string, len(to))}
	if from != nil {
		e.From = path(from)
	}
	for i, address := range to {
		e.To[i] = path(address)
	}
	return e
}

// Message is what [Client.SendEach] sends: an envelope and the reader of the
// content, as in [Client.Send].
type Message struct {
	Envelope
	Content io.Reader // header and body
}

var errNoRecipients = errors.New("smtpconn: no recipients")

// check returns what is wrong with the envelope whatever the server offers.
func (e *Envelope) check() error {
	if len(e.To) == 0 {
		return errNoRecipients
	}
	if e.From != "" {
		if err := checkAddress(e.From); err != nil {
			return err
		}
	}
	for _, to := range e.To {
		if err := checkAddress(to); err != nil {
			return err
		}
	}
	return nil
}

// mail returns the options of the message.
func (e *Envelope) mail() smtp.MailOptions {
	if e.Mail == nil {
		return smtp.MailOptions{}
	}
	return *e.Mail
}

// allOrNone reports whether a refused recipient keeps the message from the others.
func (e *Envelope) allOrNone() bool { return len(e.To) > 1 && !e.Partial }
