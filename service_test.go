package mailconn_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// The service of the example gives up what is wrong with a message, and nothing
// for the relay's sake.
func TestVerdict(t *testing.T) {
	p, err := pool.New(pool.Config{
		Endpoint: dial.Endpoint{Protocol: policy.Submission, Host: "mail.test", Policy: policy.ImplicitTLS},
		Options:  smtpconn.Options{Dialer: &dial.Dialer{NetDialer: refuser{x509.UnknownAuthorityError{}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(t.Context())
	e := smtpconn.Envelope{From: "service@example.org", To: []string{"ann@example.org"}}
	if v := verdict(p.Send(t.Context(), e, strings.NewReader("x\r\n"))); !strings.Contains(v, "hold it") {
		t.Error("certificate:", v)
	}
	p.Close(t.Context())
	if v := verdict(p.Send(t.Context(), e, strings.NewReader("x\r\n"))); !strings.Contains(v, "queue") {
		t.Error("closed:", v)
	}
	if v := verdict(nil, &smtpconn.SendError{Outcome: smtpconn.InDoubt, Err: errors.New("x")}); !strings.Contains(v, "may have been") {
		t.Error("in doubt:", v)
	}
}

type refuser struct{ err error }

func (r refuser) DialContext(context.Context, string, string) (net.Conn, error) { return nil, r.err }
