package smtpconn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
)

// Hint returns one to four sentences for a person: what became of the message, why, and
// what to do. It is never empty, printable, and at most 512 bytes long.
func (e *SendError) Hint() string {
	return wire.Printable(strings.TrimSpace(e.fate() + " " + e.advice()))
}

func (e *SendError) fate() string {
	switch e.Outcome {
	case NotSent:
		return "The message was not sent."
	case Refused:
		return "The server refused the message."
	}
	return "The server may have the message: sent again, it may arrive twice."
}

// advice says why and what to do.
func (e *SendError) advice() string {
	switch {
	case e.Outcome == Refused && e.wantsLogin():
		return "It wants a login, and Options.Auth is nil: set it to credentials for this server. The message may be as good as ever."
	case e.Outcome == Refused && !e.MessageAtFault():
		return "It refuses this client, or all mail for now, and its words say why: hold what is to be sent until that is settled."
	case e.Outcome == Refused && e.Reply == nil && e.Temporary():
		return "It takes no mail for a recipient at the moment, and its words say why: send it again later."
	case e.Outcome == Refused && e.Reply == nil && e.others:
		return "It does not take a recipient, and its words say which and why: correct the address, or set Envelope.Partial for the others to get the message."
	case e.Outcome == Refused && e.Reply == nil:
		return "It does not take a recipient, and its words say which and why: correct the address."
	case e.Temporary() && e.Outcome == Refused:
		return "Its words say why: send it again later."
	case e.Outcome == Refused:
		return "Its words say why: as it is, it will be refused again."
	case e.Err == nil && e.Reply != nil:
		return "The server ended the session, and its words say why: try again later."
	}
	return e.hintOfCause()
}

// wantsLogin reports whether the server wants a login (RFC 4954 §6), and the session had no
// credentials. Servers say the same of a session that is to begin with STARTTLS (RFC 3207 §4).
func (e *SendError) wantsLogin() bool {
	wants := func(r *smtp.SMTPError) bool {
		return r.Code == 530 && !strings.Contains(strings.ToUpper(r.Message), "STARTTLS")
	}
	return e.noAuth && !e.MessageAtFault() &&
		(e.Reply != nil && wants(e.Reply) || slices.ContainsFunc(e.Refused, func(r Refusal) bool { return wants(r.Reply) }))
}

// hintOfCause is about what failed on this side, or of the connection.
func (e *SendError) hintOfCause() string {
	var (
		own  interface{ Hint() string } // *dial.Error, or an error of package pool
		call *wire.CallError
		last *SendError // of an attempt after the one that is in doubt
	)
	switch {
	case e.Err == nil:
		return ""
	case errors.As(e.Err, &last):
		return "Of the last attempt: " + last.Hint()
	case errors.As(e.Err, &call):
		return fmt.Sprintf("This program asked for something that cannot be done: %v.", call)
	case e.fault():
		return fmt.Sprintf("As it is, it cannot be sent to this server: %v.", e.Err)
	case errors.As(e.Err, &own):
		return own.Hint()
	case errors.Is(e.Err, context.Canceled):
		return "This program gave it up itself."
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "The time that was allowed for it ran out first."
	}
	return fmt.Sprintf("The reason: %v.", e.Err)
}
