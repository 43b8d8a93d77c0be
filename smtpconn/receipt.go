package smtpconn

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
)

// Receipt says that the server has taken responsibility for a message, and for
// whom.
type Receipt struct {
	Accepted []string  // recipients the message was taken for, at least one
	Refused  []Refusal // recipients it was not taken for
	Reply    string    // the server's last word, made printable: often a queue id
}

// Refusal is one recipient that was refused, and the server's reply. The
// text in it is made printable.
type Refusal struct {
	Recipient string          // as in the envelope
	Reply     *smtp.SMTPError // what the server said to it
}

// String returns the recipient and the reply, as in "<ann@example.org>: 550 ...".
func (r Refusal) String() string { return fmt.Sprintf("<%s>: %s", r.Recipient, words(r.Reply)) }

// Outcome is what became of a message that has no [Receipt].
type Outcome uint8

const (
	// NotSent is a message that the server cannot have taken: its content was
	// never finished. Sending it again is safe.
	NotSent Outcome = iota + 1
	// Refused is a message that the server said no to, for now or for ever.
	Refused
	// Unknown is a message whose end was given to the connection, and no reply
	// came. The server may have taken it: sending it again may double it.
	Unknown
)

// String returns the outcome in words, as in "not sent".
func (o Outcome) String() string {
	switch o {
	case NotSent:
		return "not sent"
	case Refused:
		return "refused"
	case Unknown:
		return "outcome unknown"
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// SendError says why there is no [Receipt], and what that means. Every error
// of [Client.Send] and [Client.Stream] is one.
type SendError struct {
	Outcome Outcome // what became of the message
	// Reply is the server's refusal of the message as a whole, or the 421 with
	// which it ended the session; nil if there is none.
	Reply *smtp.SMTPError
	// Refused are the recipients that were refused before the message failed.
	// With Outcome Refused and no Reply it is they that made it fail.
	Refused []Refusal
	// Err is the cause on this side, or of the connection; nil for a refusal.
	Err error
}

// Error returns the outcome and what led to it.
func (e *SendError) Error() string {
	s := "smtpconn: message " + e.Outcome.String()
	if e.Reply != nil {
		s += ": " + words(e.Reply)
	}
	if e.Reply == nil || e.Err == nil {
		s += e.recipients()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// shown is how many refused recipients an error's text names.
const shown = 3

func (e *SendError) recipients() string {
	var b strings.Builder
	for i, r := range e.Refused {
		if i == shown {
			fmt.Fprintf(&b, ", and %d more", len(e.Refused)-shown)
			break
		}
		b.WriteString([]string{": ", ", "}[min(i, 1)] + r.String())
	}
	return b.String()
}

// Unwrap returns the cause, the reply and the refusals, so that [errors.As]
// finds an [*smtp.SMTPError] if the server said one.
func (e *SendError) Unwrap() []error {
	var all []error
	if e.Err != nil {
		all = append(all, e.Err)
	}
	if e.Reply != nil {
		all = append(all, e.Reply)
	}
	for _, r := range e.Refused {
		all = append(all, r.Reply)
	}
	return all
}

// Temporary reports whether sending the same again later, over another
// connection, is safe and may go better by itself: what was not sent for the
// connection's sake, and refusals with a 4yz code. For several recipients it
// is true if it is for one of them; see Refused. It is never true for an
// unknown outcome.
//
// false does not mean that the message is bad. A pool that cannot log in, or
// does not trust the relay's certificate, sends nothing until a person has mended
// that, and the message is as good as ever: ask MessageAtFault before giving it
// up.
func (e *SendError) Temporary() bool {
	switch {
	case e.Outcome == NotSent:
		var failed *dial.Error // a pool's
		return !e.fault() && (!errors.As(e.Err, &failed) || failed.Temporary())
	case e.Outcome != Refused:
		return false
	case e.Reply != nil:
		return e.Reply.Temporary()
	}
	for _, r := range e.Refused {
		if r.Reply.Temporary() {
			return true
		}
	}
	return false
}

// MessageAtFault reports whether it is this message that failed, rather than
// the connection or the relay: the server refused it or its recipients, or it
// cannot be sent as it is, to this server. Other messages may do well. If it is
// not Temporary as well, give the message up.
//
// If it is false and the outcome is not Unknown, the message has not been
// judged at all: the connection ended, a 421 ended the session, there was none
// to be had, or the context ended. Hold it, and those behind it.
//
// A server that refuses all that one sender has, because it wants a login or
// keeps a blocklist, does so message by message and looks like many messages at
// fault.
func (e *SendError) MessageAtFault() bool {
	switch {
	case e.Outcome == NotSent:
		return e.fault()
	case e.Outcome != Refused:
		return false
	}
	return !e.closing()
}

// fault reports whether the message was not sent for a reason of its own.
func (e *SendError) fault() bool {
	var own *wire.Fault
	return errors.As(e.Err, &own)
}

// closing reports whether the server has ended the session, in reply to the
// message or to a recipient.
func (e *SendError) closing() bool {
	is421 := func(r Refusal) bool { return r.Reply.Code == smtpline.ServiceClosing }
	return e.Reply != nil && e.Reply.Code == smtpline.ServiceClosing || slices.ContainsFunc(e.Refused, is421)
}

// ErrPipelining is in the chain of an error when a server that lists PIPELINING
// did not answer as RFC 2920 says, or hung up while commands were sent ahead of
// their replies. The network may be to blame for the latter, too; some servers
// break down each time.
var ErrPipelining = errors.New("commands were sent ahead of replies, since the server lists PIPELINING, and it may not keep to that; Options.NoPipelining does without")

// words returns a reply on one line.
func words(r *smtp.SMTPError) string {
	s := fmt.Sprint(r.Code)
	if r.EnhancedCode != (smtp.EnhancedCode{}) {
		s += fmt.Sprintf(" %d.%d.%d", r.EnhancedCode[0], r.EnhancedCode[1], r.EnhancedCode[2])
	}
	return strings.TrimRight(s+" "+r.Message, " ")
}
