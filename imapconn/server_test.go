package imapconn_test

import (
	"context"
	"log"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// login starts a server with the mailbox INBOX and returns a session on it, and a
// function that ends both. exists, if it is not nil, is told how many messages the
// selected mailbox has when that changes.
func login(exists func(uint32)) (*imapconn.Client, func()) {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Implicit: true, User: "joe", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	o := &imapconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()},
		Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	}
	if exists != nil {
		o.UnilateralDataHandler = &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				exists(*d.NumMessages)
			}
		}}
	}
	c, err := imapconn.Dial(context.Background(), server.Endpoint(policy.ImplicitTLS), o)
	if err != nil {
		log.Fatal(err)
	}
	return c, func() {
		c.Close()
		server.Close()
	}
}
