package dialtest_test

import (
	"context"
	"crypto/tls"
	"io"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// connect is the library's own way in.
func connect(ctx context.Context, e dial.Endpoint, cfg *tls.Config) error {
	d := &dial.Dialer{TLSConfig: cfg}
	creds := auth.Password{User: dialtest.CanaryUser, Password: auth.NewSecret(dialtest.CanaryPassword)}
	var c io.Closer
	var err error
	switch e.Protocol {
	case policy.IMAP:
		c, err = imapconn.Dial(ctx, e, &imapconn.Options{Dialer: d, Auth: creds})
	case policy.POP3:
		c, err = pop3conn.Dial(ctx, e, &pop3conn.Options{Dialer: d, Auth: creds})
	default:
		c, err = smtpconn.Dial(ctx, e, &smtpconn.Options{Dialer: d, Auth: creds})
	}
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
