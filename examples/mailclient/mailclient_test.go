package mailclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/examples/mailclient"
	"github.com/mailconn/mailconn/policy"
)

// newServer starts an IMAP server with a certificate that does not verify.
func newServer() *dialtest.Server {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Cert: dialtest.CertSelfSigned, User: "ann", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	return server
}

// An account is set up, and opened with the right password and with a wrong one.
func ExampleSetUp() {
	server := newServer()
	defer server.Close()
	ctx := context.Background()
	d := &dial.Dialer{
		NetDialer: server.NetDialer(),  // leads every name to the test server; not needed in a program
		Peers:     new(memstore.Store), // in a program: package filestore
	}

	account, err := mailclient.SetUp(ctx, d, "mail.test", "ann", func(found *dial.Inspection) bool {
		fmt.Println("Trust this server?", found.Names())
		return true // the user has compared the key with what the provider says
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.Server)

	client, err := account.Open(ctx, d, auth.NewSecret("secret"))
	if err != nil {
		log.Fatal(err)
	}
	s := client.Security()
	fmt.Println("verified:", s.Verified, "- show a lock:", s.Confidential())
	client.Close()

	_, err = account.Open(ctx, d, auth.NewSecret("mistyped"))
	text, askAgain := mailclient.Explain(err)
	fmt.Println("ask again:", askAgain, "-", text)
	// Output:
	// Trust this server? [localhost mail.test 127.0.0.1 ::1]
	// imap://mail.test:143
	// verified: pinned - show a lock: false
	// ask again: true - The server does not accept this user and password: check both; some providers want a password made for this program.
}

// The pin of an account is gone, as if the server's certificate had become invalid. The
// error tells what the server was like before.
func ExampleExplain() {
	server := newServer()
	defer server.Close()
	ctx := context.Background()
	d := &dial.Dialer{NetDialer: server.NetDialer(), Peers: new(memstore.Store)}
	account, err := mailclient.SetUp(ctx, d, "mail.test", "ann", func(*dial.Inspection) bool { return true })
	if err != nil {
		log.Fatal(err)
	}
	client, err := account.Open(ctx, d, auth.NewSecret("secret"))
	if err != nil {
		log.Fatal(err)
	}
	client.Close()

	account.Pins = nil
	_, err = account.Open(ctx, d, auth.NewSecret("secret"))
	var failed *dial.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Phase, "- had TLS before:", failed.Known != nil)
	}
	text, askAgain := mailclient.Explain(err)
	beginning, _, _ := strings.Cut(text, ",")
	fmt.Printf("ask again: %v - %s, ...\n", askAgain, beginning)
	// Output:
	// handshake - had TLS before: true
	// ask again: false - This server was reached over TLS before, ...
}
