package smtpconn_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// MAIL refused, and yet a recipient and DATA accepted: a dot would hand the
// server an empty message for somebody. The connection is closed instead.
func TestNoDotForSomebody(t *testing.T) {
	lines := inside("C: EHLO *\nS: 250-x\nS: 250 PIPELINING\nC: MAIL *\nS: 503 nested\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\nS: 250 queued")
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Send(t.Context(), smtpconn.Envelope{From: "a@x", To: []string{"b@x"}}, strings.NewReader("y\r\n"))
	var failed *smtpconn.SendError
	if !errors.As(err, &failed) || failed.Outcome == smtpconn.Unknown {
		t.Errorf("got %v", err)
	}
	if _, said := closed(c, session); strings.Contains(said, "\n.\r\n") {
		t.Errorf("said %q", said)
	}
}

// Binary content is declared, whatever else the server lists.
func TestBinaryIsDeclared(t *testing.T) {
	lines := inside("C: EHLO *\nS: 250-x\nS: 250-CHUNKING\nS: 250 BINARYMIME\nC: MAIL FROM:<a@x> BODY=BINARYMIME*\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: BDAT *\nS: 250 taken\nC: RSET\nS: 250 ok")
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := smtpconn.Envelope{From: "a@x", To: []string{"b@x"}, Mail: &smtp.MailOptions{Body: smtp.BodyBinaryMIME}}
	if _, err := c.Send(t.Context(), e, strings.NewReader("y\r\n")); err != nil {
		t.Error(err)
	}
	closed(c, session)
}
