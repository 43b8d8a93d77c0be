package behind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// TestHostileSMTP and TestHostilePOP3 play what hostile servers do after the hand-over of
// the other sessions, as TestHostile does.
func TestHostileSMTP(t *testing.T) { playAll(t, "smtp", 45) }
func TestHostilePOP3(t *testing.T) { playAll(t, "pop3", 45) }

// protocol is a session that cases are played to.
type protocol struct {
	endpoint policy.Protocol
	always   func(s *server) []rule
	greeting string
	// begin begins a session, and returns what does what a case says, why the session
	// has ended, and what closes it.
	begin func(ctx context.Context, conn *dial.Conn) (do func(string) []string, err func() error, closing func() error, _ error)
}

var protocols = map[string]protocol{
	"smtp": {policy.Submission, alwaysSMTP, "220 ready\r\n", beginSMTP},
	"pop3": {policy.POP3, alwaysPOP3, "+OK ready\r\n", beginPOP3},
}

func lines(lines ...string) (steps []step) {
	for _, l := range lines {
		steps = append(steps, step{op: "S", n: 1, text: l + "\r\n"})
	}
	return steps
}

func credentials() auth.Credentials {
	return auth.Password{User: "user", Secret: auth.NewSecret("secret")}
}

// playOther plays a case to a session that is not of IMAP.
func (th *stage) playOther(t *testing.T, c *testCase, s segments) (o outcome) {
	p := protocols[c.protocol]
	synctest.Test(t, func(t *testing.T) {
		conn := th.connectOver(t, c, s, p.endpoint)
		do, over, closing, err := p.begin(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		for _, what := range c.do {
			o.lines = append(o.lines, do(what)...)
			synctest.Wait() // what the server says besides has come
		}
		o.took = time.Since(begin)
		o.end = end(over())
		closing()
		time.Sleep(patience)
	})
	return o
}

func alwaysSMTP(s *server) []rule {
	ehlo := []string{"250-mail.test"}
	for _, word := range strings.Fields(s.caps) {
		ehlo = append(ehlo, "250-"+strings.ReplaceAll(word, "_", " "))
	}
	return []rule{
		{"EHLO *", lines(append(ehlo, "250 AUTH PLAIN")...)},
		{"AUTH *", lines("235 2.7.0 welcome")},
		{"NOOP", lines("250 2.0.0 done")}, {"RSET", lines("250 2.0.0 done")},
		{"MAIL *", lines("250 2.1.0 done")}, {"RCPT *", lines("250 2.1.5 done")},
		{"DATA", lines("354 go on")}, {".", lines("250 2.0.0 taken")},
		{"QUIT", append(lines("221 2.0.0 bye"), step{op: "END"})},
	}
}

func beginSMTP(ctx context.Context, conn *dial.Conn) (func(string) []string, func() error, func() error, error) {
	c, err := smtpconn.New(ctx, conn, &smtpconn.Options{Auth: credentials(), ReplyTimeout: replyTime})
	if err != nil {
		return nil, nil, nil, err
	}
	c.CommandTimeout, c.SubmissionTimeout = replyTime, replyTime
	return func(do string) []string { return runSMTP(ctx, c, do) }, c.Err, c.Close, nil
}

const letter = "Subject: x\r\n\r\nhello\r\n"

// runSMTP does what a case says.
func runSMTP(ctx context.Context, c *smtpconn.Client, do string) (got []string) {
	verb, arg, _ := strings.Cut(do, " ")
	note := func(what string, err error) {
		if text := failedElse(err); text != "" {
			what = text
		}
		got = append(got, what)
	}
	envelope := smtpconn.Envelope{From: "a@mail.test", To: []string{"b@mail.test"}}
	switch verb {
	case "noop":
		note("done", c.Noop())
	case "verify":
		note("done", c.Verify("b"))
	case "reset":
		note("done", c.Reset())
	case "mail":
		note("done", c.Mail("a@mail.test", nil))
	case "rcpt":
		note("done", c.Rcpt("b@mail.test", nil))
	case "sendmail":
		note("taken", c.SendMail("a@mail.test", envelope.To, strings.NewReader(letter)))
	case "send":
		if arg == "two" {
			envelope.To, envelope.Partial = append(envelope.To, "c@mail.test"), true
		}
		_, err := c.Send(ctx, envelope, strings.NewReader(letter))
		note("taken", err)
	case "each":
		n, _ := strconv.Atoi(arg)
		messages := slices.Repeat([]smtpconn.Message{{Envelope: envelope, Content: strings.NewReader(letter)}}, n)
		for _, err := range c.SendEach(ctx, slices.Values(messages)) {
			note("taken", err)
		}
	case "quit":
		note("done", c.Quit(ctx))
	case "check":
		note("done", c.Check())
	default:
		panic("unknown command " + do)
	}
	return got
}

func alwaysPOP3(s *server) []rule {
	capa := append([]string{"+OK"}, strings.Fields("USER UIDL TOP "+s.caps)...)
	return []rule{
		{"CAPA", lines(append(capa, "SASL PLAIN", ".")...)},
		{"AUTH PLAIN*", lines("+OK welcome")},
		{"NOOP", lines("+OK")}, {"RSET", lines("+OK")}, {"STAT", lines("+OK 2 20")},
		{"LIST", lines("+OK", "1 10", "2 10", ".")}, {"UIDL", lines("+OK", "1 a", "2 b", ".")},
		{"RETR *", lines("+OK", "Subject: x", "", "hello", ".")},
		{"DELE *", lines("+OK")},
		{"QUIT", append(lines("+OK bye"), step{op: "END"})},
	}
}

func beginPOP3(ctx context.Context, conn *dial.Conn) (func(string) []string, func() error, func() error, error) {
	c, err := pop3conn.New(ctx, conn, &pop3conn.Options{Auth: credentials(), ReplyTimeout: replyTime, MaxMessageSize: 1 << 20})
	if err != nil {
		return nil, nil, nil, err
	}
	return func(do string) []string { return runPOP3(ctx, c, do) }, c.Err, c.Close, nil
}

// runPOP3 does what a case says.
func runPOP3(ctx context.Context, c *pop3conn.Client, do string) (got []string) {
	verb, _, _ := strings.Cut(do, " ")
	note := func(err error, format string, args ...any) {
		text := failedElse(err)
		if text == "" {
			text = fmt.Sprintf(format, args...)
		}
		got = append(got, text)
	}
	list := func(all []pop3conn.Listing, err error) {
		if len(all) > 20 {
			note(err, "%d messages", len(all))
			return
		}
		text := ""
		for _, l := range all {
			text += fmt.Sprintf(" %d:%.80q:%d", l.Msg, l.ID, l.Size)
		}
		note(err, "list%s", text)
	}
	body := func(m *pop3conn.Message, err error) {
		if err != nil {
			note(err, "")
			return
		}
		text, err := io.ReadAll(io.LimitReader(m, 16<<20))
		note(err, "message %s", content(text))
	}
	switch verb {
	case "noop":
		note(c.Noop(ctx), "done")
	case "stat":
		n, size, err := c.Stat(ctx)
		note(err, "%d messages, %d bytes", n, size)
	case "list":
		size, err := c.List(ctx, 1)
		note(err, "%d bytes", size)
	case "uidl":
		id, err := c.UIDL(ctx, 1)
		note(err, "id %q", id)
	case "listall":
		list(c.ListAll(ctx))
	case "uidlall":
		list(c.UIDLAll(ctx))
	case "index":
		list(c.Index(ctx))
	case "retr":
		body(c.Retr(ctx, 1))
	case "top":
		body(c.Top(ctx, 1, 0))
	case "each":
		for m, err := range c.RetrEach(ctx, []pop3conn.Listing{{Msg: 1}, {Msg: 2}, {Msg: 3}}) {
			body(m, err)
		}
	case "dele":
		note(c.Dele(ctx, 1), "done")
	case "rset":
		note(c.Rset(ctx), "done")
	case "capa":
		caps, err := c.Capa(ctx)
		note(err, "%d capabilities", len(caps))
	case "quit":
		note(c.Quit(ctx), "done")
	default:
		panic("unknown command " + do)
	}
	return got
}

// failedElse returns what a program sees of an error of a session that is not of IMAP.
// Every error is checked: it is printable and not long.
func failedElse(err error) string {
	var smtpRefused *smtp.SMTPError
	var popRefused *pop3conn.Error
	var sent *smtpconn.SendError
	text := ""
	if errors.As(err, &sent) {
		text = " (" + sent.Outcome.Error() + ")"
	}
	over := new(dial.Error)
	var broken *policy.Violation
	switch {
	case err == nil:
		return ""
	case len(err.Error()) > 512 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }):
		return fmt.Sprintf("untyped: a text that must not be shown: %.100q", err)
	case errors.As(err, &over):
		return "failed: " + end(err) + text
	case errors.As(err, &smtpRefused):
		return fmt.Sprintf("refused: %d %.60s%s", smtpRefused.Code, smtpRefused.Message, text)
	case errors.As(err, &popRefused):
		return fmt.Sprintf("refused: [%s] %.60s", popRefused.Code, popRefused.Text)
	case errors.As(err, &broken):
		return "failed: a violation of one answer"
	case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, pop3conn.ErrTooLarge), errors.Is(err, io.ErrUnexpectedEOF):
		return "failed: " + err.Error() + text
	}
	return "untyped: " + err.Error()
}
