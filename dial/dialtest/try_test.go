package dialtest_test

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
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

// send connects and sends a message, as one function of a program would.
func send(ctx context.Context, e dial.Endpoint, cfg *tls.Config) error {
	c, err := smtpconn.Dial(ctx, e, &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: cfg},
		Auth:   auth.Password{User: dialtest.CanaryUser, Secret: auth.NewSecret(dialtest.CanaryPassword)},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail("from@mail.test", []string{"to@mail.test"}, strings.NewReader("Subject: hello\r\n\r\n.dot\r\n"))
}

// A program that connects and sends passes in one call.
func TestLibrarySends(t *testing.T) {
	s := dialtest.TestDial(t, send, dialtest.TryOptions{
		Protocols: []policy.Protocol{policy.Submission}, StallTimeout: 300 * time.Millisecond,
	})
	if s == nil || s.Total.Hung > 0 || s.Classes["honest"].TLS != 3 {
		t.Errorf("hardly tried: %v", s)
	}
}
