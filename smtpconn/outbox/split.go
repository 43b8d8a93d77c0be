package outbox

import (
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// A message whose recipients are too many for a relay is sent to as many as it takes at a
// time (RFC 5321 §4.5.3.1.10, RFC 9422 §4.3), and to one domain at a time if that is what it
// takes, as the Sender of package mx.

// hasRoom reports whether a relay takes a recipient beside those of the attempt, as far as is
// known.
func (a *attempt) hasRoom(i int) bool {
	if len(a.to) == 0 {
		return true
	}
	full := a.m.Most > 0 && len(a.to) >= a.m.Most
	return !full && (!a.m.ByDomain || a.domain(i) == a.domain(a.to[0]))
}

// split sets how many recipients the next attempt may have, if those of this one were too
// many, and reports whether it may begin at once: there are fewer left, or it has fewer.
// whole is that of judge.
func (a *attempt) split(e *journal.Entry, whole bool) bool {
	var over []int // that are to be asked again
	for i := range e.Recipients {
		if r, refused := a.refused[a.m.Envelope.To[e.Recipients[i].To]]; whole || refused && oneTooMany(r.Reply) {
			over = append(over, i)
		}
	}
	switch {
	case whole && a.mixed():
		a.m.ByDomain = true
	case whole:
		a.m.Most = len(a.open()) / 2
	case len(over) > 0:
		a.m.Most = max(1, len(a.to)-len(over))
	}
	if !whole && (a.receipt == nil || len(over) == len(a.to)) {
		return false
	}
	for _, i := range over {
		e.Recipients[i].Asked = false
	}
	return len(over) > 0
}

// tooMany reports whether the message was not taken as a whole because of the number of its
// recipients.
func (a *attempt) tooMany() bool {
	switch {
	case a.err == nil || len(a.open()) < 2:
		return false
	case a.mixed():
		return true
	case a.err.Outcome == smtpconn.NotSent:
		return errors.Is(a.err, smtpconn.ErrServerLimits) && a.isForGood()
	}
	return a.err.Outcome == smtpconn.Refused && a.err.Reply != nil && oneTooMany(a.err.Reply)
}

// mixed reports whether the message is at fault before a server was asked, and may not be
// for recipients of one domain.
func (a *attempt) mixed() bool {
	other := func(i int) bool { return a.domain(i) != a.domain(a.to[0]) }
	return a.err.Phase == smtpconn.PhaseConfig && a.isForGood() && slices.ContainsFunc(a.to, other)
}

// domain returns the domain of a recipient.
func (a *attempt) domain(i int) string {
	return strings.ToLower(transaction.Domain(a.m.Envelope.To[i]))
}

func oneTooMany(r *smtp.SMTPError) bool {
	return transaction.TooManyRecipients(r.Code, r.EnhancedCode, r.Message)
}
