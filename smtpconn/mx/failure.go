package mx

import (
	"context"
	"errors"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// failure returns the error of a message that no server has taken.
func (d *delivery) failure(ctx context.Context) error {
	f := &Error{Domain: d.route.Domain, Level: d.route.Level, Tried: d.tried, Status: [3]int{4, 4, 1}}
	e := d.last
	switch {
	case e == nil:
		d.judge(f)
		if ctx.Err() != nil {
			f.Status, f.Err = [3]int{4, 4, 7}, wire.ContextError(ctx)
		}
		return &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseConnect, Err: f}
	case e.Outcome == smtpconn.Refused:
		f.Status = statusOf(e)
	case e.Outcome == smtpconn.InDoubt:
		f.Status = [3]int{4, 4, 2} // the connection was lost (RFC 3463 §3.5)
	case !e.Temporary() && (!lacks(e) || d.asked(lacks) || d.all(takesNone)):
		d.judge(f)
		f.Status[0] = 5
	}
	f.Err = e.Err
	failed := *e
	failed.Err = f
	return &failed
}

// statusOf returns the status of a refusal, of the one that time may mend if there is such.
func statusOf(e *smtpconn.SendError) [3]int {
	var replies []*smtp.SMTPError
	if e.Reply != nil {
		replies = append(replies, e.Reply)
	}
	for _, r := range e.Refused {
		replies = append(replies, r.Reply)
	}
	status := [3]int{5, 0, 0}
	for i, r := range replies {
		if i == 0 || status[0] == 5 && r.Temporary() {
			status = r.EnhancedCode
			if status[0] != r.Code/100 {
				status = [3]int{r.Code / 100, 0, 0}
			}
		}
	}
	return status
}

// judge says whether time may mend that no connection was as it had to be.
func (d *delivery) judge(f *Error) {
	switch {
	case d.requireTLS() && d.asked(isRequireTLS):
		f.Status, f.Err = [3]int{5, 7, 30}, ErrRequireTLS
	case d.all(func(err error) bool { return errors.Is(err, ErrNoAddress) }):
		f.Status = [3]int{5, 4, 4}
	case d.last != nil:
		f.Status = statusOfLack(d.last)
	case d.all(takesNone):
		f.Status = [3]int{5, 3, 2}
	}
}

func (d *delivery) requireTLS() bool { return d.envelope.Mail != nil && d.envelope.Mail.RequireTLS }

// all reports whether all hosts of the domain have failed in one way.
func (d *delivery) all(is func(error) bool) bool {
	return !d.rest && d.route.More == 0 && d.asked(is)
}

// asked reports whether all hosts within the limits have failed in one way, but for those that
// certainly have no address, which are as good as not listed. A message that they do not take
// is judged by this: as no later attempt would ask all hosts of the domain, it would be tried
// until it expires.
func (d *delivery) asked(is func(error) bool) bool {
	failed := 0
	for _, s := range d.tried {
		switch {
		case is(s.Err):
			failed++
		case !errors.Is(s.Err, ErrNoAddress):
			return false
		}
	}
	return failed > 0 && !d.cut
}

// lacks reports whether a message was not sent because the server does not take such ones.
// Another server may.
func lacks(err error) bool {
	var missing *smtpconn.ExtensionError
	return errors.As(err, &missing) || errors.Is(err, smtpconn.ErrTooLarge) || errors.Is(err, ErrRequireTLS)
}

// statusOfLack returns the status of a message that no server takes (RFC 3463 §3.4,
// RFC 6531 §3.7.4.2), or that cannot be read.
func statusOfLack(err error) [3]int {
	var missing *smtpconn.ExtensionError
	switch {
	case errors.Is(err, smtpconn.ErrTooLarge):
		return [3]int{5, 3, 4}
	case errors.As(err, &missing) && missing.Keyword == "SMTPUTF8":
		return [3]int{5, 6, 7}
	case missing != nil:
		return [3]int{5, 3, 3}
	}
	return [3]int{5, 0, 0}
}

func isRequireTLS(err error) bool {
	var missing *smtpconn.ExtensionError
	return errors.Is(err, ErrRequireTLS) || errors.As(err, &missing) && missing.Keyword == "REQUIRETLS"
}

// turnsAway reports whether a server has refused all mail for good in its greeting, or in
// answer to EHLO.
func turnsAway(err error) bool {
	var failed *dial.Error
	return errors.As(err, &failed) && errors.Is(err, policy.ErrRefused) && !failed.Temporary() &&
		(failed.Phase == dial.PhaseGreeting || failed.Phase == dial.PhaseCapability)
}

// takesNone reports whether time will not mend that a server does not take a message: it takes
// no mail, or none such.
func takesNone(err error) bool { return turnsAway(err) || lacks(err) }
