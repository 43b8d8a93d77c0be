package smtpconn_test

import (
	"errors"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// What a server takes mail for is no error, whatever it knows of the address (RFC 5321
// §3.5.3), and what it refuses is one, with its words. Either way the session goes on.
func TestVerify(t *testing.T) {
	player := scripttest.New(t)
	for reply, code := range map[string]int{
		"250 Bob <b@mail.test>":             0,
		"251 2.1.5 will forward":            0,
		"252 2.5.2 cannot VRFY user":        0,
		"253 2.0.0 what":                    253,
		"502 5.5.1 not here":                502,
		"550 5.1.1 no such user":            550,
		"551 5.1.6 try c@mail.test":         551,
		"553 5.1.4 ambiguous":               553,
		"450 4.2.1 mailbox busy":            450,
		"504 5.5.4 parameter not supported": 504,
	} {
		c, _, err := open(t, player, policy.ImplicitTLS, inside(ehlo()+"C: VRFY b\nS: "+reply+"\nC: NOOP\nS: 250 ok"), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Verify("b")
		var said *smtp.SMTPError
		if got := errors.As(err, &said); got != (code != 0) || got && said.Code != code || !got && err != nil {
			t.Errorf("%s: %v", reply, err)
		}
		if err := c.Noop(); err != nil {
			t.Errorf("behind %s: %v", reply, err)
		}
	}
}
