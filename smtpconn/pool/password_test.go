package pool_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A pool takes a new password without being made anew: the source is asked at each
// dial, and once more with the refusal if the relay does not take what it gave.
func TestNewPassword(t *testing.T) {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, User: "service", Password: "new"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var asked, refused atomic.Int32
	source := auth.SourceFunc(func(_ context.Context, refusal *auth.Error) (auth.Secret, error) {
		if refusal != nil && refusal.Kind == auth.KindCredentials {
			refused.Add(1)
		}
		if asked.Add(1) == 1 {
			return auth.NewSecret("old"), nil
		}
		return auth.NewSecret("new"), nil
	})
	p, err := pool.New(pool.Config{
		Endpoint: server.Endpoint(policy.RequiredSTARTTLS),
		Options: &smtpconn.Options{
			Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()},
			Auth:   auth.Password{User: "service", Secret: source},
		},
		MaxConns:        1,
		MessagesPerConn: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(t.Context())
	for range 2 {
		envelope := smtpconn.Envelope{From: "a@mail.test", To: []string{"b@mail.test"}}
		if _, err := p.Send(t.Context(), envelope, strings.NewReader("Subject: x\r\n\r\nx\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() != 3 || refused.Load() != 1 {
		t.Errorf("asked %d times, told of %d refusals", asked.Load(), refused.Load())
	}
}
