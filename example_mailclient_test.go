package mailconn_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// account is what a mail client keeps of an account.
type account struct {
	Server dial.Endpoint
	User   string
	Pins   []dial.Pin // what the person has agreed to at set-up
}

// find looks at a server on its TLS port, and on the other one if nothing
// listens there or what listens has no TLS. Both ways end in TLS or in an error;
// once an account is set up its endpoint stays as it is.
func find(ctx context.Context, d dial.Dialer, p policy.Protocol, host string) (*dial.Inspection, error) {
	found, err := d.Inspect(ctx, dial.Endpoint{Protocol: p, Host: host, Policy: policy.ImplicitTLS})
	var failed *dial.Error
	if errors.Is(err, policy.ErrNotTLS) || errors.As(err, &failed) && failed.Phase == dial.PhaseConnect {
		return d.Inspect(ctx, dial.Endpoint{Protocol: p, Host: host, Policy: policy.RequiredSTARTTLS})
	}
	return found, err
}

// setUp looks at a server before anybody types a password, and asks the person
// about a certificate that does not verify. This is the only place where a pin
// is made: a failure of an account that worked is shown, and not clicked away
// (RFC 8314 §5.4).
func setUp(ctx context.Context, d dial.Dialer, host string, trust func(*dial.Inspection) bool) (*account, error) {
	found, err := find(ctx, d, policy.IMAP, host)
	if err != nil {
		return nil, err
	}
	a := &account{Server: found.Endpoint, User: "ann"}
	if found.Err == nil {
		return a, nil
	}
	pin, ok := found.Pin()
	if !ok || !trust(found) {
		return nil, found.Err
	}
	a.Pins = []dial.Pin{pin}
	return a, nil
}

// open logs in. Nothing of the password is sent before the server has proved
// to be the account's.
func (a *account) open(ctx context.Context, d dial.Dialer, password string) (*imapconn.Client, error) {
	d.Pins = a.Pins
	return imapconn.Dial(ctx, a.Server, &imapconn.Options{
		Dialer: &d,
		Auth:   auth.Password{User: a.User, Secret: auth.NewSecret(password)},
	})
}

// A mail client: account set-up with a question about the certificate, a log-in,
// and what a person is told when it fails.
func Example_mailClient() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Cert: dialtest.CertSelfSigned, User: "ann", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	ctx := context.Background()

	// A program that runs for longer keeps this in a file: see package filestore.
	d := dial.Dialer{Peers: new(memstore.Store)}
	d.NetDialer = server.NetDialer() // in earnest: not needed

	a, err := setUp(ctx, d, "mail.test", func(found *dial.Inspection) bool {
		fmt.Println("Do you know this server?", found.Chain[0].Subject)
		return true // the person has compared the key with what the provider says
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.Server)
	client, err := a.open(ctx, d, "secret")
	if err != nil {
		log.Fatal(err)
	}
	s := client.Security()
	fmt.Println("verified:", s.Verified, "- show a lock:", s.Confidential())
	fmt.Println("ready:", client.Noop().Wait() == nil) // in earnest: client.Select("INBOX", nil).Wait()
	client.Close()

	_, err = a.open(ctx, d, "mistyped")
	var refused *auth.Error
	if errors.As(err, &refused) && refused.Kind == auth.KindCredentials {
		fmt.Println("Ask for the password again.")
	}

	a.Pins = nil // as if the certificate had become invalid only now
	_, err = a.open(ctx, d, "secret")
	var failed *dial.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Phase, "- known from before:", failed.Known != nil)
		log.Println(failed.Hint()) // for the person
	}
	// Output:
	// Do you know this server? CN=localhost
	// imap://mail.test:143
	// verified: pinned - show a lock: false
	// ready: true
	// Ask for the password again.
	// handshake - known from before: true
}
