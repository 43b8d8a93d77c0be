package interop

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// mail are the messages of testdata/send.txt.
var mail = map[string]func() (smtpconn.Envelope, io.Reader){
	"plain": func() (smtpconn.Envelope, io.Reader) { return to("somebody@example.test"), content(letter("plain")) },
	"dsn": func() (smtpconn.Envelope, io.Reader) {
		e := to("somebody@example.test")
		e.Mail = &smtp.MailOptions{Return: smtp.DSNReturnHeaders, EnvelopeID: "id-1"}
		e.Rcpt = []*smtp.RcptOptions{{Notify: []smtp.DSNNotify{smtp.DSNNotifySuccess, smtp.DSNNotifyFailure}}}
		return e, content(letter("dsn"))
	},
	"utf8":        func() (smtpconn.Envelope, io.Reader) { return to("jürgen@example.test"), content(letter("utf8")) },
	"8bit":        func() (smtpconn.Envelope, io.Reader) { return eight(), content(letter("8bit") + "grüße\r\n") },
	"long":        func() (smtpconn.Envelope, io.Reader) { return to("somebody@example.test"), content(long(40 << 10)) },
	"too-long":    func() (smtpconn.Envelope, io.Reader) { return to("somebody@example.test"), content(tooLong) },
	"size-hidden": func() (smtpconn.Envelope, io.Reader) { return to("somebody@example.test"), hidden(tooLong) },
	"grey":        func() (smtpconn.Envelope, io.Reader) { return to(servers.Grey), content(letter("grey")) },
	"gone":        func() (smtpconn.Envelope, io.Reader) { return to(servers.Gone), content(letter("gone")) },
	"over-quota":  func() (smtpconn.Envelope, io.Reader) { return to(servers.Over), content(letter("over")) },
	"some-gone": func() (smtpconn.Envelope, io.Reader) {
		return to("somebody@example.test", servers.Gone), content(letter("some"))
	},
	"partial": func() (smtpconn.Envelope, io.Reader) {
		e := to("somebody@example.test", servers.Gone)
		e.Partial = true
		return e, content(letter("partial"))
	},
}

var tooLong = long(2 * servers.MaxMessage)

func to(recipients ...string) smtpconn.Envelope {
	return smtpconn.Envelope{From: "alice@example.test", To: recipients}
}

func eight() smtpconn.Envelope {
	e := to("somebody@example.test")
	e.Mail = &smtp.MailOptions{Body: smtp.Body8BitMIME}
	return e
}

func content(s string) io.Reader { return strings.NewReader(s) }

// hidden is content whose length cannot be asked for.
func hidden(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) }

// TestSend sends every kind of message to every server in one session each:
// what is refused must leave the session as it was.
func TestSend(t *testing.T) {
	want := readGrid(t, filepath.Join("testdata", "send.txt"))
	for _, name := range want.columns {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := servers.New(t)
			c := newClient(t, lab, starts[name](lab), servers.Alice)
			s := must(c.smtp(policy.Submission, policy.RequiredSTARTTLS))(t)
			defer func() { s.Close() }()
			for _, kind := range want.rows {
				if !want.has(kind, name) {
					continue
				}
				e, content := mail[kind]()
				want.compare(t, kind, name, sent(s.Send(t.Context(), e, content)))
				if s.Check() != nil { // ended by the server, or because it is out of step
					s = must(c.smtp(policy.Submission, policy.RequiredSTARTTLS))(t)
				}
			}
			if err := s.Quit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// sent puts what became of a message into one word.
func sent(r *smtpconn.Receipt, err error) string {
	var failed *smtpconn.SendError
	var missing *smtpconn.ExtensionError
	switch {
	case err == nil && len(r.Refused) > 0:
		return fmt.Sprintf("taken,but:%d", r.Refused[0].Reply.Code)
	case err == nil:
		return "taken"
	case !errors.As(err, &failed):
		return "untyped:" + err.Error()
	}
	w := strings.ReplaceAll(failed.Outcome.Error(), " ", "-")
	switch {
	case errors.As(err, &missing):
		w += ":no-" + missing.Keyword
	case errors.Is(err, smtpconn.ErrTooLarge):
		w += ":too-large"
	case failed.Reply != nil:
		w += fmt.Sprintf(":%d", failed.Reply.Code)
	case len(failed.Refused) > 0:
		w += fmt.Sprintf(":rcpt-%d", failed.Refused[0].Reply.Code)
	default:
		w += ":" + cause(err)
	}
	if failed.Temporary() {
		w += ",temporary"
	}
	return w
}
