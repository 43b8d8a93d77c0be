// Package mailclient shows how a mail client sets up an account for a mail address, logs
// in, and explains a failure to its user. The example runs it against servers of its own.
package mailclient

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// Account is what a mail client stores of an account, apart from the password.
type Account struct {
	Reading, Sending Server
	Pins             []dial.Pin // that the user has agreed to
}

// Server is where an account logs in, and by which names it may do so, the likeliest
// first.
type Server struct {
	Endpoint dial.Endpoint
	Users    []string
}

// User is the person in front of the program. A no ends the set-up.
type User interface {
	// Agree is asked about a server outside the domain of the address, if the domain
	// does not vouch for it (RFC 6186 §6). The candidate has what speaks for it.
	Agree(discover.Candidate) bool
	// Trust is asked about a server whose certificate does not verify.
	Trust(*dial.Inspection) bool
}

// ErrNoServer says that no server was found that can be used. A client asks its user for
// host and port then, and goes on with [dial.NewEndpoint].
var ErrNoServer = errors.New("no server was found for this address")

// SetUp returns a new account for a mail address. It needs no password: it is called
// before the user types one.
//
// SetUp is the only place where the client makes a pin. It offers none for an account
// that worked before and begins to fail (RFC 8314 §5.4).
func SetUp(ctx context.Context, d *dial.Dialer, o *discover.Options, address string, user User) (*Account, error) {
	found, err := discover.Find(ctx, address, o)
	if err != nil {
		return nil, err
	}
	account := new(Account)
	if account.Reading, err = account.choose(ctx, d, found.Reading, policy.IMAP, user); err != nil {
		return nil, fmt.Errorf("to read mail: %w", err)
	}
	if account.Sending, err = account.choose(ctx, d, found.Sending, policy.Submission, user); err != nil {
		return nil, fmt.Errorf("to send mail: %w", err)
	}
	return account, nil
}

// choose takes the best server for a protocol: one that the domain vouches for, or else
// one that the user agrees to. A server without TLS is among neither.
func (a *Account) choose(ctx context.Context, d *dial.Dialer, found discover.Servers, p policy.Protocol, user User) (Server, error) {
	other := func(c discover.Candidate) bool { return c.Endpoint.Protocol != p }
	ready, doubtful := slices.DeleteFunc(found.Ready, other), slices.DeleteFunc(found.AskFirst, other)
	switch {
	case len(ready) > 0:
	case len(doubtful) > 0 && user.Agree(doubtful[0]):
		ready = doubtful
	default:
		return Server{}, ErrNoServer
	}
	best := Server{ready[0].Endpoint, ready[0].Users}
	return best, a.inspect(ctx, d, best.Endpoint, user)
}

// inspect looks at a server without logging in. If the user trusts a certificate that
// does not verify, its key is pinned.
func (a *Account) inspect(ctx context.Context, d *dial.Dialer, e dial.Endpoint, user User) error {
	found, err := d.Inspect(ctx, e)
	if err != nil || found.Err == nil {
		return err
	}
	pin, ok := found.Pin()
	if !ok || !user.Trust(found) {
		return found.Err
	}
	a.Pins = append(a.Pins, pin)
	return nil
}

// Read logs in to read mail. The password is sent only after the server was verified, by
// its certificate or by a pin of the account.
func (a *Account) Read(ctx context.Context, d *dial.Dialer, password auth.Source) (*imapconn.Client, error) {
	return logIn(&a.Reading, func(user string) (*imapconn.Client, error) {
		return imapconn.Dial(ctx, a.Reading.Endpoint, &imapconn.Options{
			Dialer: a.dialer(d),
			Auth:   auth.Password{User: user, Secret: password},
		})
	})
}

// Send logs in to send mail.
func (a *Account) Send(ctx context.Context, d *dial.Dialer, password auth.Source) (*smtpconn.Client, error) {
	return logIn(&a.Sending, func(user string) (*smtpconn.Client, error) {
		return smtpconn.Dial(ctx, a.Sending.Endpoint, &smtpconn.Options{
			Dialer: a.dialer(d),
			Auth:   auth.Password{User: user, Secret: password},
		})
	})
}

func (a *Account) dialer(d *dial.Dialer) *dial.Dialer {
	pinned := *d
	pinned.Pins = a.Pins
	return &pinned
}

// logIn tries the names that a user may have, and keeps the one that works. Only a
// refusal of user and password leads to the next.
func logIn[C any](s *Server, dial func(user string) (C, error)) (client C, err error) {
	for _, user := range s.Users {
		if client, err = dial(user); err == nil {
			s.Users = []string{user}
		}
		if !errors.Is(err, auth.KindCredentials) {
			break
		}
	}
	return client, err
}

// Explain returns what to show to the user after an error, and whether to ask for the
// password again.
func Explain(err error) (text string, askAgain bool) {
	askAgain = errors.Is(err, auth.KindCredentials) || errors.Is(err, auth.KindExpired)
	var failed *dial.Error
	if errors.As(err, &failed) {
		return failed.Hint(), askAgain
	}
	return err.Error(), askAgain
}
