package smtpconn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

// A server that wants a login is told from others, if the session had no credentials.
func TestHintWithoutLogin(t *testing.T) {
	const wants = "wants a login, and Options.Auth is nil"
	for _, c := range []struct {
		at, reply string
		login     *smtpconn.Options
		wants     bool
	}{
		{"MAIL", "530 5.7.0 log in first", nil, true},
		{"RCPT", "530 Authentication required", nil, true},
		{"MAIL", "530 5.7.0 Must issue a STARTTLS command first", nil, false},
		{"MAIL", "550 5.7.1 no", nil, false},
		{"MAIL", "530 5.7.0 log in first", &smtpconn.Options{Auth: auth.Password{User: "user", Secret: auth.NewSecret("x"), IfOffered: true, InsecureCleartext: true}}, false},
	} {
		r := with("PIPELINING")
		r.answer = func(_ int, command, usual string) string {
			if strings.HasPrefix(command, c.at) {
				return c.reply
			}
			return usual
		}
		client, hangUp := dialRelay(t, r, c.login)
		_, err := client.Send(t.Context(), envelope(), strings.NewReader(note))
		hangUp()
		if hint := asResult(nil, err).err.Hint(); strings.Contains(hint, wants) != c.wants {
			t.Errorf("%s in reply to %s: %q", c.reply, c.at, hint)
		}
	}
}

// A hint says what became of the message, and what to do about the cause.
func TestHints(t *testing.T) {
	reply := func(code int, enhanced ...int) *smtp.SMTPError {
		e := &smtp.SMTPError{Code: code, Message: "no"}
		copy(e.EnhancedCode[:], enhanced)
		return e
	}
	refusal := func(r *smtp.SMTPError) []smtpconn.Refusal {
		return []smtpconn.Refusal{{Recipient: "ann@mail.test", Reply: r}}
	}
	canceled := &dial.Error{Phase: dial.PhaseSession, Err: context.Canceled}
	for name, c := range map[string]struct {
		err  smtpconn.SendError
		want []string
	}{
		"spam":          {smtpconn.SendError{Outcome: smtpconn.Refused, Reply: reply(550, 5, 7, 1)}, []string{"refused the message", "will be refused again"}},
		"later":         {smtpconn.SendError{Outcome: smtpconn.Refused, Reply: reply(451, 4, 2, 0)}, []string{"refused the message", "send it again later"}},
		"login wanted":  {smtpconn.SendError{Outcome: smtpconn.Refused, Reply: reply(530, 5, 7, 0)}, []string{"refuses this client", "hold"}},
		"no recipient":  {smtpconn.SendError{Outcome: smtpconn.Refused, Refused: refusal(reply(550, 5, 1, 1))}, []string{"correct the address."}},
		"greylisted":    {smtpconn.SendError{Outcome: smtpconn.Refused, Refused: refusal(reply(450, 4, 2, 0))}, []string{"recipient", "later"}},
		"busy":          {smtpconn.SendError{Outcome: smtpconn.NotSent, Err: &wire.CallError{Err: smtpconn.ErrBusy}}, []string{"was not sent", "wait for the result"}},
		"line ends":     {smtpconn.SendError{Outcome: smtpconn.NotSent, Err: &wire.Fault{Err: smtpconn.ErrLineEnds}}, []string{"was not sent", "NormalizeLines"}},
		"dial":          {smtpconn.SendError{Outcome: smtpconn.NotSent, Err: canceled}, []string{"was not sent", "gave the connection up itself"}},
		"context":       {smtpconn.SendError{Outcome: smtpconn.NotSent, Err: fmt.Errorf("x: %w", context.Canceled)}, []string{"gave it up itself"}},
		"deadline":      {smtpconn.SendError{Outcome: smtpconn.NotSent, Err: context.DeadlineExceeded}, []string{"ran out"}},
		"server leaves": {smtpconn.SendError{Outcome: smtpconn.NotSent, Reply: reply(421, 4, 3, 2)}, []string{"was not sent", "ended the session"}},
		"other":         {smtpconn.SendError{Outcome: smtpconn.NotSent, Err: errors.New("disk broken")}, []string{"was not sent", "disk broken"}},
		"in doubt":      {smtpconn.SendError{Outcome: smtpconn.InDoubt, Err: canceled}, []string{"may arrive twice", "gave the connection up itself"}},
		"no cause":      {smtpconn.SendError{Outcome: smtpconn.InDoubt}, []string{"may arrive twice"}},
		"then refused": {smtpconn.SendError{Outcome: smtpconn.InDoubt, Err: &smtpconn.SendError{Outcome: smtpconn.Refused, Reply: reply(550, 5, 7, 1)}},
			[]string{"may arrive twice", "Of the last attempt: The server refused the message."}},
	} {
		hint := c.err.Hint()
		for _, want := range c.want {
			if !strings.Contains(hint, want) {
				t.Errorf("%s: %q lacks %q", name, hint, want)
			}
		}
	}
}

// Envelope.Partial is named to a program whose message did not reach others for the sake of
// a recipient, and to no other.
func TestHintOfPartial(t *testing.T) {
	for _, c := range []struct {
		to      []string
		partial bool
		want    bool
	}{
		{[]string{"no@mail.test", "ann@mail.test"}, false, true},
		{[]string{"no@mail.test", "no2@mail.test"}, false, false},
		{[]string{"no@mail.test", "no2@mail.test"}, true, false},
		{[]string{"no@mail.test"}, false, false},
	} {
		r := with("PIPELINING")
		r.answer = func(_ int, command, usual string) string {
			if strings.HasPrefix(command, "RCPT TO:<no") {
				return "550 5.1.1 unknown"
			}
			return usual
		}
		client, hangUp := dialRelay(t, r, nil)
		e := envelope(c.to...)
		e.Partial = c.partial
		_, err := client.Send(t.Context(), e, strings.NewReader(note))
		if hint := asResult(nil, err).err.Hint(); strings.Contains(hint, "Envelope.Partial") != c.want || !strings.Contains(hint, "correct the address") {
			t.Errorf("%+v: %s", c, hint)
		}
		hangUp()
	}
}
