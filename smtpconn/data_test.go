package smtpconn_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// taking is a server that takes messages; data is answered as given.
func taking(answer string) string {
	return inside(ehlo() + "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\nS: " + answer +
		"\nC: NOOP\nS: 250 ok\nC: RSET\nS: 451 busy\nC: QUIT\nS: 221 bye\nFIN")
}

// A message whose reader fails is not delivered, whatever is done next.
func TestFailedReaderDeliversNothing(t *testing.T) {
	player := scripttest.New(t)
	broken := errors.New("disk gone")
	for name, next := range map[string]func(*smtpconn.Client){
		"Quit":     func(c *smtpconn.Client) { c.Quit(t.Context()) },
		"Reset":    func(c *smtpconn.Client) { c.Reset() },
		"SendMail": func(c *smtpconn.Client) { c.SendMail("a@x", []string{"b@x"}, strings.NewReader("y")) },
		"Close":    func(c *smtpconn.Client) { c.Close() },
	} {
		c, session, err := open(t, player, policy.ImplicitTLS, taking("250 taken"), nil)
		if err != nil {
			t.Fatal(err)
		}
		body := io.MultiReader(strings.NewReader(strings.Repeat("partial\r\n", 1000)), iotest.ErrReader(broken))
		if err := c.SendMail("a@x", []string{"b@x"}, body); !errors.Is(err, broken) || c.Check() == nil {
			t.Errorf("%s: %v", name, err)
		}
		next(c)
		if said := string(session.Record().Inside); strings.Contains(said, "\n.\r\n") || strings.Count(said, "MAIL") != 1 {
			t.Errorf("%s: said %q", name, said[max(0, len(said)-80):])
		}
	}
}

// A message that is not closed is not delivered by the next command.
func TestUnclosedMessageIsNotDelivered(t *testing.T) {
	player := scripttest.New(t)
	for name, next := range map[string]func(*smtpconn.Client) error{
		"Noop":   func(c *smtpconn.Client) error { return c.Noop() },
		"Mail":   func(c *smtpconn.Client) error { return c.Mail("a@x", nil) },
		"Quit":   func(c *smtpconn.Client) error { return c.Quit(t.Context()) },
		"Reset":  func(c *smtpconn.Client) error { return c.Reset() },
		"Verify": func(c *smtpconn.Client) error { return c.Verify("a@x") },
		"Data":   func(c *smtpconn.Client) error { _, err := c.Data(); return err },
		"Send": func(c *smtpconn.Client) error {
			_, err := c.Send(t.Context(), smtpconn.Envelope{From: "a@x", To: []string{"b@x"}}, strings.NewReader("y\r\n"))
			return err
		},
	} {
		c, session, err := open(t, player, policy.ImplicitTLS, taking("250 taken"), nil)
		if err != nil {
			t.Fatal(err)
		}
		w := begun(t, c)
		io.WriteString(w, "half of it\r\n")
		if err := next(c); err == nil || !strings.Contains(err.Error(), "not closed") {
			t.Errorf("%s: %v", name, err)
		}
		if said := string(session.Record().Inside); strings.Contains(said, "\n.\r\n") {
			t.Errorf("%s: said %q", name, said)
		}
	}
}

// begun begins a message by hand.
func begun(t *testing.T, c *smtpconn.Client) *smtpconn.DataCommand {
	t.Helper()
	if err := errors.Join(c.Mail("a@x", nil), c.Rcpt("b@x", nil)); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A closed message is delivered, with the server's words.
func TestClosedMessageIsDelivered(t *testing.T) {
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, taking("250 2.0.0 taken as 17"), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := begun(t, c)
	io.WriteString(w, "whole\r\n")
	if r, err := w.CloseWithResponse(); err != nil || !strings.Contains(r.StatusText, "taken as 17") {
		t.Errorf("%v, %v", r, err)
	}
	if err := c.Noop(); err != nil {
		t.Error(err)
	}
	closed(c, session)
}

// After a RSET that the server did not answer 250 nothing more is said to it: what
// is left of a transaction would meet the next message.
func TestRefusedReset(t *testing.T) {
	for _, reply := range []string{"451 busy", "502 unimplemented", "251 ok", "354 go"} {
		lines := inside(ehlo() + "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no\nC: RSET\nS: " + reply + "\nC: DATA\nS: 354 go")
		c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, lines, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SendMail("a@x", []string{"b@x"}, strings.NewReader("y")); err == nil {
			t.Errorf("%s: sent", reply)
		}
		if err := c.SendMail("a@x", []string{"c@x"}, strings.NewReader("y")); err == nil {
			t.Errorf("%s: sent", reply)
		}
		if said := string(session.Record().Inside); !strings.HasSuffix(said, "RSET\r\n") {
			t.Errorf("%s: said %q", reply, said)
		}
	}
}

// Extensions that are too long for the library are left out of what it reads,
// and stay in Capabilities.
func TestLongExtensions(t *testing.T) {
	long := "X-LONG " + strings.Repeat("y", 5000)
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, inside(ehlo(long, "SIZE 7")+"C: NOOP\nS: 250 ok"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if size, _ := c.MaxMessageSize(); size != 7 || c.Capabilities()[0] != long {
		t.Errorf("size %d, %.40q", size, c.Capabilities()[0])
	}
	if err := c.Noop(); err != nil {
		t.Error(err)
	}
	closed(c, session)
}

// Two resets in a row still say no EHLO.
func TestResetTwice(t *testing.T) {
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, inside(ehlo()+"C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Reset(), c.Reset(), c.Noop(), c.Reset(), c.Noop()); err != nil {
		t.Error(err)
	}
	if _, said := closed(c, session); strings.Count(said, "EHLO") != 1 {
		t.Errorf("said %q", said)
	}
}

// A refused message does not stand in the way of the next, and the error names
// the recipient.
func TestRefusedMessageEndsItsTransaction(t *testing.T) {
	lines := inside(ehlo() + "C: MAIL *\nS: 250 ok\nC: RCPT TO:<bad@x>\nS: 550 5.1.1 unknown\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: y\nC: .\nS: 250 taken\nC: RSET\nS: 250 ok")
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	var refused *smtp.SMTPError
	err = c.SendMail("a@x", []string{"good@x", "bad@x"}, strings.NewReader("y\r\n"))
	if !errors.As(err, &refused) || refused.Code != 550 || !strings.Contains(err.Error(), "bad@x") {
		t.Errorf("got %v", err)
	}
	if err := c.SendMail("a@x", []string{"good@x"}, strings.NewReader("y\r\n")); err != nil {
		t.Errorf("the next message: %v", err)
	}
	if err := c.SendMail("a@x", nil, strings.NewReader("y\r\n")); err == nil {
		t.Error("no recipients")
	}
	_, said := closed(c, session)
	want := "MAIL FROM:<a@x>\r\nRCPT TO:<good@x>\r\nRCPT TO:<bad@x>\r\nRSET\r\nMAIL FROM:<a@x>\r\nRCPT TO:<good@x>\r\nDATA\r\ny\r\n.\r\n"
	if !strings.HasSuffix(said, want) {
		t.Errorf("said %q", said)
	}
}
