package pool

import (
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
)

// A connection counts as a failed dial only if the server ended it before it was of use.
func TestUseless(t *testing.T) {
	notSent := &smtpconn.SendError{Outcome: smtpconn.NotSent, Err: errRefused}
	inDoubt := &smtpconn.SendError{Outcome: smtpconn.InDoubt, Err: errRefused}
	for name, c := range map[string]struct {
		conn conn
		want bool
	}{
		"found nothing to send":   {conn{}, false},
		"ended":                   {conn{dead: errRefused}, true},
		"ended with its message":  {conn{dead: notSent}, true},
		"ended after a message":   {conn{dead: errRefused, answered: 1, served: true}, false},
		"ended after a refusal":   {conn{dead: errRefused, answered: 1}, true},
		"was closed here":         {conn{dead: errRefused, aborted: true}, false},
		"ended while it was idle": {conn{dead: errRefused, warm: true}, false},
		"was idle, not sent":      {conn{dead: notSent, warm: true}, false},
		"was idle, in doubt":      {conn{dead: inDoubt, warm: true}, true},
	} {
		if got := c.conn.useless(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A refusal teaches how many connections have answered, or how many stand if none has.
func TestOthers(t *testing.T) {
	refused := &conn{}
	p := &Pool{conns: map[*conn]struct{}{refused: {}, {dead: errRefused, answered: 1}: {}, {aborted: true, answered: 1}: {}}}
	for _, step := range []struct {
		more conn
		want int
	}{{conn{}, 1}, {conn{}, 2}, {conn{answered: 1}, 1}, {conn{answered: 9}, 2}, {conn{}, 2}} {
		p.conns[&step.more] = struct{}{}
		if got := p.others(refused); got != step.want {
			t.Errorf("%d connections: %d, want %d", len(p.conns), got, step.want)
		}
	}
}

// Only a reply to MAIL refuses a connection in place of the message.
func TestRefusedAtMail(t *testing.T) {
	busy := &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 2}}
	full := &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}}
	for name, c := range map[string]struct {
		err  smtpconn.SendError
		want bool
	}{
		"at MAIL":            {smtpconn.SendError{Phase: smtpconn.PhaseMail, Reply: busy}, true},
		"at the end":         {smtpconn.SendError{Phase: smtpconn.PhaseEnd, Reply: busy}, false},
		"for another reason": {smtpconn.SendError{Phase: smtpconn.PhaseMail, Reply: full}, false},
		"without a reply":    {smtpconn.SendError{Phase: smtpconn.PhaseMail}, false},
	} {
		c.err.Outcome = smtpconn.Refused
		if got := ofConnection(&c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
