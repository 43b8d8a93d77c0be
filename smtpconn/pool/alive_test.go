//go:build unix

package pool_test

import (
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A connection that the relay has closed is noticed before a message is given to
// it, and one that is alive is not taken for dead, without a command.
func TestAlive(t *testing.T) {
	h, ca := newHost(t)
	ep, err := dial.ParseEndpoint("smtps://" + h.network.Addr())
	if err != nil {
		t.Fatal(err)
	}
	p, err := pool.New(pool.Config{Endpoint: ep, Options: &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: ca.ClientConfig(), LocalName: "client.test"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := send(t.Context(), p, "r@mail.test"); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.accepted.Load(); n != 1 || ep.Policy != policy.ImplicitTLS {
		t.Errorf("%d connections", n)
	}
	h.network.HangUp()
	if err := send(t.Context(), p, "r@mail.test"); err != nil {
		t.Error(err)
	}
	if s := p.Stats(); s.Retries != 0 || s.Dials != 2 || h.said("NOOP") != 0 {
		t.Errorf("%+v", s)
	}
	p.Close(t.Context())
	h.close()
}
