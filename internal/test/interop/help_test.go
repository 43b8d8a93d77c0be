package interop

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// client connects to one server as one user.
type client struct {
	t      *testing.T
	lab    *servers.Lab
	server finder
	user   string
	secret string

	onebyone bool // smtpconn.Options.NoPipelining
}

func newClient(t *testing.T, l *servers.Lab, s finder, user string) client {
	return client{t: t, lab: l, server: s, user: user, secret: servers.Secret}
}

// atMailboxes runs a test with a client of Alice at each server of IMAP and POP3, all at once.
func atMailboxes(t *testing.T, f func(t *testing.T, c client)) {
	for _, name := range mailboxes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := servers.New(t)
			f(t, newClient(t, lab, starts[name](lab), servers.Alice))
		})
	}
}

func (c client) auth() auth.Credentials {
	return auth.Password{User: c.user, Secret: auth.NewSecret(c.secret)}
}

func (c client) imap(pol policy.Policy, o imapconn.Options) (*imapconn.Client, error) {
	o.Dialer, o.Auth = dialer(c.lab, find(c.server, policy.IMAP, pol, servers.Good), false), c.auth()
	return imapconn.Dial(c.t.Context(), endpoint(policy.IMAP, pol), &o)
}

func (c client) pop3(pol policy.Policy) (*pop3conn.Client, error) {
	d := dialer(c.lab, find(c.server, policy.POP3, pol, servers.Good), false)
	return pop3conn.Dial(c.t.Context(), endpoint(policy.POP3, pol), &pop3conn.Options{Dialer: d, Auth: c.auth()})
}

func (c client) smtp(p policy.Protocol, pol policy.Policy) (*smtpconn.Client, error) {
	o := &smtpconn.Options{Dialer: dialer(c.lab, find(c.server, p, pol, servers.Good), false), NoPipelining: c.onebyone}
	if p == policy.Submission {
		o.Auth = c.auth()
	}
	return smtpconn.Dial(c.t.Context(), endpoint(p, pol), o)
}

// must returns v, and ends the test if there is an error.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// letter is a message to example.test with lines that protocols stumble over,
// and with the headers that servers would add.
func letter(subject string) string {
	return fmt.Sprintf("From: <alice@example.test>\r\nTo: <alice@example.test>\r\nSubject: %s\r\n"+
		"Date: Sat, 1 Jan 2000 00:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\r\n"+
		".one dot\r\n..two dots\r\n.\r\nFrom here on\r\n\r\n", subject)
}

// long is a letter of at least so many bytes.
func long(bytes int) string {
	return letter("long") + strings.Repeat(strings.Repeat("x", 76)+"\r\n", bytes/78+1)
}
