package smtpconn_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// MAIL refused, and yet a recipient and DATA accepted: a dot would hand the
// server an empty message for that recipient. The connection is closed instead.
func TestNoDotForARecipient(t *testing.T) {
	lines := inside("C: EHLO *\nS: 250-x\nS: 250 PIPELINING\nC: MAIL *\nS: 503 nested\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\nS: 250 queued")
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Send(t.Context(), smtpconn.Envelope{From: "a@x", To: []string{"b@x"}}, strings.NewReader("y\r\n"))
	var failed *smtpconn.SendError
	if !errors.As(err, &failed) || failed.Outcome == smtpconn.InDoubt {
		t.Errorf("got %v", err)
	}
	if _, said := closed(c, session); strings.Contains(said, "\n.\r\n") {
		t.Errorf("said %q", said)
	}
}

// Binary content is declared, whatever else the server lists.
func TestBinaryIsDeclared(t *testing.T) {
	r := with("CHUNKING", "BINARYMIME")
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	if _, err := c.Send(t.Context(), binary(), strings.NewReader("y\r\n")); err != nil || !strings.HasPrefix(r.wire(), "MAIL FROM:<a@mail.test> BODY=BINARYMIME\r\n") {
		t.Errorf("%v, said %q", err, r.wire())
	}
}
