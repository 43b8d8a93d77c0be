// Package mailclient shows how a mail client sets up an account, logs in, and explains
// a failure to its user. The example runs it against a server with a self-signed
// certificate.
package mailclient

import (
	"context"
	"errors"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// Account is what a mail client stores of an account, apart from the password.
type Account struct {
	Server dial.Endpoint
	User   string
	Pins   []dial.Pin // that the user has agreed to
}

// SetUp returns a new account on a host. If the server's certificate does not verify, it
// calls trust, which asks the user. SetUp needs no password: it is called before the
// user types one.
//
// SetUp is the only place where the client makes a pin. It offers none for an account
// that worked before and begins to fail (RFC 8314 §5.4).
func SetUp(ctx context.Context, d *dial.Dialer, host, user string, trust func(*dial.Inspection) bool) (*Account, error) {
	found, err := inspect(ctx, d, host)
	if err != nil {
		return nil, err
	}
	account := &Account{Server: found.Endpoint, User: user}
	if found.Err == nil {
		return account, nil // the certificate verifies
	}
	pin, ok := found.Pin()
	if !ok || !trust(found) {
		return nil, found.Err
	}
	account.Pins = []dial.Pin{pin}
	return account, nil
}

// inspect looks at the port for implicit TLS, and at the port for STARTTLS if nothing
// listens there or the server there has no TLS. The user may only have a host; package
// discover finds the servers for a mail address.
func inspect(ctx context.Context, d *dial.Dialer, host string) (*dial.Inspection, error) {
	e := dial.Endpoint{Protocol: policy.IMAP, Host: host, Policy: policy.ImplicitTLS}
	found, err := d.Inspect(ctx, e)
	var failed *dial.Error
	if errors.Is(err, policy.ErrNotTLS) || errors.As(err, &failed) && failed.Phase == dial.PhaseConnect {
		e.Policy = policy.RequiredSTARTTLS
		return d.Inspect(ctx, e)
	}
	return found, err
}

// Open logs in. The password is sent only after the server was verified, by its
// certificate or by a pin of the account.
func (a *Account) Open(ctx context.Context, d *dial.Dialer, password auth.Source) (*imapconn.Client, error) {
	pinned := *d
	pinned.Pins = a.Pins
	return imapconn.Dial(ctx, a.Server, &imapconn.Options{
		Dialer: &pinned,
		Auth:   auth.Password{User: a.User, Secret: password},
	})
}

// Explain returns what to show to the user after an error of SetUp or Open, and whether
// to ask for the password again.
func Explain(err error) (text string, askAgain bool) {
	askAgain = errors.Is(err, auth.KindCredentials) || errors.Is(err, auth.KindExpired)
	var failed *dial.Error
	if errors.As(err, &failed) {
		return failed.Hint(), askAgain
	}
	return err.Error(), askAgain
}
