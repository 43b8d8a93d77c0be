package smtpconn_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
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
		"Quit":     func(c *smtpconn.Client) { c.Quit() },
		"Reset":    func(c *smtpconn.Client) { c.Reset() },
		"SendMail": func(c *smtpconn.Client) { c.SendMail("a@x", []string{"b@x"}, strings.NewReader("y")) },
		"Close":    func(c *smtpconn.Client) { c.Close() },
	} {
		c, session, err := open(t, player, policy.ImplicitTLS, taking("250 taken"), nil)
		if err != nil {
			t.Fatal(err)
		}
		body := io.MultiReader(strings.NewReader(strings.Repeat("partial\r\n", 1000)), iotest.ErrReader(broken))
		if err := c.SendMail("a@x", []string{"b@x"}, body); !errors.Is(err, broken) {
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
		"Quit":   func(c *smtpconn.Client) error { return c.Quit() },
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
		if err := errors.Join(c.Mail("a@x", nil), c.Rcpt("b@x", nil)); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "half of it\r\n")
		if err := next(c); err == nil || !strings.Contains(err.Error(), "not closed") {
			t.Errorf("%s: %v", name, err)
		}
		if said := string(session.Record().Inside); strings.Contains(said, "\n.\r\n") {
			t.Errorf("%s: said %q", name, said)
		}
	}
}

// A closed message is delivered, with the server's words.
func TestClosedMessageIsDelivered(t *testing.T) {
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, taking("250 2.0.0 taken as 17"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Mail("a@x", nil), c.Rcpt("b@x", nil)); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "whole\r\n")
	if r, err := w.CloseWithResponse(); err != nil || !strings.Contains(r.StatusText, "taken as 17") {
		t.Errorf("%v, %v", r, err)
	}
	if err := c.Noop(); err != nil {
		t.Error(err)
	}
	closed(c, session)
}

// strict is a server that refuses RSET and every message. It writes down what
// it takes for a message.
func strict(conn net.Conn, message *strings.Builder) {
	in := bufio.NewReader(conn)
	answer := "220 x\r\n"
	for body := false; ; {
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
		line, err := in.ReadString('\n')
		for ; body && err == nil && line != ".\r\n"; line, err = in.ReadString('\n') {
			message.WriteString(line)
		}
		switch {
		case err != nil:
			return
		case body:
			body, answer = false, "554 5.7.1 not taken\r\n"
		case line == "RSET\r\n":
			answer = "451 busy\r\n"
		case line == "DATA\r\n":
			body, answer = true, "354 go\r\n"
		default:
			answer = "250 ok\r\n"
		}
	}
}

// After a RSET that the server refused, a message with an EHLO line where the
// library's buffer begins is a message like any other: nothing of it is
// swallowed, and the server's verdict is the one that counts.
func TestRefusedResetSwallowsNothing(t *testing.T) {
	client, server := net.Pipe()
	var message strings.Builder
	done := make(chan struct{})
	go func() { defer close(done); strict(server, &message) }()
	conn, err := new(dial.Dialer).NewConn(t.Context(), client, dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtpconn.New(t.Context(), conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Reset(); err == nil {
		t.Error("RSET was refused")
	}
	hello := "EHLO " + conn.LocalName() + "\r\n"
	body := strings.Repeat(strings.Repeat("a", 62)+"\r\n", 64) + hello + strings.Repeat("b\r\n", 3000)
	if err := c.SendMail("a@x", []string{"b@x"}, strings.NewReader(body)); err == nil || !strings.Contains(err.Error(), "not taken") {
		t.Errorf("SendMail: %v", err)
	}
	c.Close()
	<-done
	if message.String() != body {
		t.Errorf("the server has %d bytes of %d", message.Len(), len(body))
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
