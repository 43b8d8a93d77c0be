package smtpconn

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
)

// Envelope says from whom a message comes, to whom it goes and how. It is the
// caller's and is not changed; nothing in it may be changed while it is being
// sent.
//
// Whatever it asks for must be offered by the server: if an extension is
// missing the message is not sent, and the error holds an [*ExtensionError].
// Nothing is quietly left out.
type Envelope struct {
	// From is the address for failures, without angle brackets; "" is the null
	// reverse-path (RFC 5321 §4.5.5).
	From string

	// To are the recipients, without angle brackets; at least one, and no more
	// than [Limits] allow: a message is not split ([ErrLimit]). An address
	// with characters beyond ASCII, here or in From, needs SMTPUTF8, which is
	// then asked for (RFC 6531).
	To []string

	// Mail are the options of the whole message; nil means none.
	//
	// Body is what the message contains. "" and [smtp.Body7Bit] mean ASCII:
	// other bytes are an error ([ErrEightBit]). [smtp.Body8BitMIME] needs
	// 8BITMIME, [smtp.BodyBinaryMIME] needs BINARYMIME and CHUNKING; what to do
	// without them is for the caller to say, nothing is re-encoded here.
	// Size, if it is not zero, is declared as it is; otherwise the size is
	// declared if it is known. RequireTLS needs a session whose server was
	// verified (RFC 8689).
	Mail *smtp.MailOptions

	// Rcpt are options for the recipients, by their index in To; it may be
	// shorter, and nil means none. DeliverBy and MTPriority are sent where
	// go-smtp sends them, with RCPT; RFC 2852 and RFC 6710 have them with MAIL,
	// and a server that goes by those will refuse the recipient.
	Rcpt []*smtp.RcptOptions

	// AllRecipients says not to send the message if any recipient is refused.
	// It costs a round trip, because DATA has to wait for the replies.
	AllRecipients bool

	// NormalizeLines turns bare CR and bare LF into CRLF. Without it a message
	// that has one is an error ([ErrLineEnds]). It has no effect on
	// BINARYMIME, whose bytes are sent as they are.
	NormalizeLines bool

	// ShortLines makes a line of more than 998 octets an error ([ErrLongLine]).
	// RFC 5321 §4.5.3.1.6 promises no more. Most servers take longer ones, but
	// some break them, which spoils signatures. It has no effect on BINARYMIME.
	ShortLines bool
}

// Message is what [Client.Stream] sends: an envelope and the reader of the
// content, as in [Client.Send].
type Message struct {
	Envelope
	Content io.Reader // header and body
}

// maxAddress is what RFC 5321 §4.5.3.1 allows local part and domain together.
const maxAddress = 64 + 1 + 255

var (
	errNobody  = errors.New("no recipients")
	errContent = errors.New("no content")
)

// ErrAddress says that an address cannot stand in a command: it is too long,
// not UTF-8, or has a control, blank or angle bracket where only quotes would
// permit one (and controls not even there).
var ErrAddress = errors.New("not an address that a command can hold")

// check returns what is wrong with the envelope whatever the server offers.
func (e *Envelope) check() error {
	if len(e.To) == 0 {
		return errNobody
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

func checkAddress(s string) error {
	if s == "" || len(s) > maxAddress || !utf8.ValidString(s) || !fits(s) {
		return fmt.Errorf("%q: %w", s[:min(len(s), maxAddress)], ErrAddress)
	}
	return nil
}

// fits reports whether s is a path's inside: a reader that looks for its
// closing bracket finds ours and no other.
func fits(s string) bool {
	if strings.ContainsFunc(s, endsLines) {
		return false
	}
	quoted := false
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b < ' ' || b == 0x7f:
			return false
		case quoted && b == '\\':
			if i++; i == len(s) || s[i] < ' ' || s[i] >= 0x7f {
				return false
			}
		case b == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(` <>\`, b) >= 0:
			return false
		}
	}
	return !quoted
}

// endsLines reports whether somebody may take r for the end of a line.
func endsLines(r rune) bool { return r >= 0x80 && r <= 0x9f || r == 0x2028 || r == 0x2029 }

func (e *Envelope) bodyType() smtp.BodyType {
	if e.Mail == nil {
		return ""
	}
	return e.Mail.Body
}

// international reports whether the envelope needs SMTPUTF8.
func (e *Envelope) international() bool {
	if !wire.IsASCII(e.From) || (e.Mail != nil && e.Mail.UTF8) {
		return true
	}
	for _, to := range e.To {
		if !wire.IsASCII(to) {
			return true
		}
	}
	return false
}
