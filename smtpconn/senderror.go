package smtpconn

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/line"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/internal/wire"
)

// SendError says why there is no [Receipt], and what that means. Every error of
// [Client.Send] and [Client.SendEach] is one.
type SendError struct {
	Outcome Outcome // what became of the message
	Phase   Phase   // how far it got
	// Reply is the server's refusal of the message as a whole, or the 421 with
	// which it ended the session; nil if there is none.
	Reply *smtp.SMTPError
	// Refused are the recipients that were refused before the message failed.
	// With Outcome Refused and no Reply it is they that made it fail.
	Refused []Refusal
	// Err is the cause on this side, or of the connection; nil for a refusal.
	Err error

	noAuth bool // Options.Auth was nil
	others bool // recipients were accepted, and got nothing for the sake of Refused
}

// Error returns outcome, phase and cause on one line. It is printable and at most
// 512 bytes long, whatever the server said.
func (e *SendError) Error() string {
	s := fmt.Sprintf("smtpconn: message %v", e.Outcome)
	if e.Phase != "" {
		s += ": " + string(e.Phase)
	}
	if e.Reply != nil {
		s += ": " + replyLine(e.Reply)
	}
	if e.Reply == nil || e.Err == nil {
		s += e.recipients()
	}
	if e.Err != nil {
		s += ": " + strings.TrimPrefix(e.Err.Error(), "smtpconn: ")
	}
	return wire.Printable(s)
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

// Unwrap returns the outcome, the cause, the reply and the refusals: errors.Is
// finds the Outcome, and errors.As an [*smtp.SMTPError] if the server said one.
func (e *SendError) Unwrap() []error {
	all := []error{e.Outcome}
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

// Temporary reports whether sending the same again later, over another connection,
// is safe and may go better by itself: what was not sent for the connection's
// sake, and refusals with a 4yz code. For several recipients it is true if it is
// for one of them; see Refused. It is never true for an outcome in doubt, nor for an
// error of the call.
//
// false does not mean that the message is bad. A pool that cannot log in, or does
// not trust the relay's certificate, sends nothing until a person has mended that,
// and the message is as good as ever: ask MessageAtFault before giving it up.
func (e *SendError) Temporary() bool {
	switch {
	case e.Outcome == NotSent:
		if a := e.attempts(); a != nil {
			return a.Temporary
		}
		var failed *dial.Error // of a dial that a pool has made, or of a session
		var call *wire.CallError
		mends := !errors.As(e.Err, &failed) || failed.Phase == dial.PhaseSession || failed.Temporary()
		return mends && !e.fault() && !errors.As(e.Err, &call)
	case e.Outcome != Refused:
		return false
	case e.Reply != nil:
		return e.Reply.Temporary()
	}
	return slices.ContainsFunc(e.Refused, func(r Refusal) bool { return r.Reply.Temporary() })
}

// MessageAtFault reports whether it is this message that failed, rather than the
// call, the connection or the relay: the server refused it or its recipients, or it
// cannot be sent as it is, to this server. Other messages may do well. If it is not
// Temporary as well, give the message up.
//
// If it is false and the outcome is not InDoubt, the message has not been judged at
// all: the connection ended, there was none to be had, the context ended, or the
// server refused the client: it wants a login, takes no more messages for now, or
// does not relay. Hold it, and those behind it.
//
// A server that refuses all that one sender has without saying so looks like many
// messages at fault.
func (e *SendError) MessageAtFault() bool {
	switch {
	case e.Outcome == NotSent:
		return e.fault()
	case e.Outcome != Refused:
		return false
	case e.Reply != nil:
		return !aboutClient(e.Reply)
	}
	closing := func(r Refusal) bool { return r.Reply.Code == smtpline.ServiceClosing }
	ofMessage := func(r Refusal) bool { return !aboutClient(r.Reply) }
	return !slices.ContainsFunc(e.Refused, closing) && slices.ContainsFunc(e.Refused, ofMessage)
}

// fault reports whether the message was not sent for a reason of its own.
func (e *SendError) fault() bool {
	if a := e.attempts(); a != nil {
		return !a.Temporary
	}
	var own *wire.Fault
	return errors.As(e.Err, &own)
}

// attempts returns what several attempts come to, and nil for a single one.
func (e *SendError) attempts() *wire.Attempts {
	var a *wire.Attempts
	errors.As(e.Err, &a)
	return a
}

// badCall returns the error of a call that was wrong.
func badCall(err error) *SendError {
	return &SendError{Outcome: NotSent, Phase: PhaseConfig, Err: &wire.CallError{Err: err}}
}

var (
	// ErrBusy says that a client was used inside a loop of SendEach, or while
	// another call was under way. Nothing was sent.
	ErrBusy = errors.New("smtpconn: the client is busy: wait for the result, or put the messages into one SendEach")

	errNilContext = errors.New("smtpconn: nil context")
	errNilContent = errors.New("smtpconn: nil content")
)

var (
	// ErrLineEnds says that a message has a CR or LF that is not part of a CRLF.
	// Servers disagree about what those mean, and where they do a message can be
	// made to end early and another to begin (RFC 5321 §2.3.8).
	ErrLineEnds = transaction.ErrLineEnds

	// ErrEightBit says that a message has bytes beyond ASCII where only ASCII can
	// be sent: the server does not offer 8BITMIME, or the envelope says 7BIT (RFC
	// 6152).
	ErrEightBit = transaction.ErrEightBit

	// ErrLongLine says that a line is longer than every server has to take, and
	// that the envelope wants none of those.
	ErrLongLine = transaction.ErrLongLine

	// ErrPipelining is in the chain of an error when a server that lists PIPELINING
	// did not answer as RFC 2920 says, or hung up while commands were sent ahead of
	// their replies. The network may be the cause of the latter.
	// Options.NoPipelining does without.
	ErrPipelining = line.ErrPipelining
)

// obstacle is an error that keeps a message from being sent. An error that is none
// was found where messages are checked, and is the message's own fault.
type obstacle struct {
	error
	phase     Phase
	blameless bool // the message may go as it is, in a new session or later
}

func (o *obstacle) Unwrap() error { return o.error }

func ofContent(err error) error { return &obstacle{error: err, phase: PhaseContent} }
