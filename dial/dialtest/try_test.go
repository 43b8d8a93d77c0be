package dialtest_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/sessions"
)

// connect is the library's own way in.
func connect(ctx context.Context, e dial.Endpoint, cfg *tls.Config) error {
	creds := auth.Password{User: dialtest.CanaryUser, Secret: auth.NewSecret(dialtest.CanaryPassword)}
	c, err := sessions.Dial(ctx, &dial.Dialer{TLSConfig: cfg}, e, creds)
	if err != nil {
		return err
	}
	return c.Close()
}

// TestLibrary plays the whole catalogue to this module.
func TestLibrary(t *testing.T) {
	s := dialtest.TestDial(t, connect, dialtest.TryOptions{StallTimeout: 300 * time.Millisecond})
	if s == nil {
		return
	}
	if s.Total.Tries < 1000 || s.Total.Hung > 0 || s.Total.TLS < 100 {
		t.Errorf("hardly tried: %+v", s.Total)
	}
}
