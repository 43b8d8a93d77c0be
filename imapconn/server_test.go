package imapconn_test

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

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
	ca, err := dialtest.NewCA()
	if err != nil {
		log.Fatal(err)
	}
	cert, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		log.Fatal(err)
	}
	user := imapmemserver.NewUser("joe", "secret")
	user.Create("INBOX", nil)
	mailboxes := imapmemserver.New()
	mailboxes.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mailboxes.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true, // it does not see that its connections are TLS
		Logger:       log.New(io.Discard, "", 0),
	})
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(l)

	config := ca.ClientConfig()
	config.ServerName = "mail.test"
	host, port := addr(l.Addr())
	o := &imapconn.Options{
		Dialer: &dial.Dialer{TLSConfig: config},
		Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	}
	if exists != nil {
		o.UnilateralDataHandler = &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				exists(*d.NumMessages)
			}
		}}
	}
	c, err := imapconn.Dial(context.Background(), dial.Endpoint{Protocol: policy.IMAP, Host: host, Port: port, Policy: policy.ImplicitTLS}, o)
	if err != nil {
		log.Fatal(err)
	}
	return c, func() {
		c.Close()
		server.Close()
	}
}

// addr returns host and port of a TCP address.
func addr(a net.Addr) (string, uint16) {
	tcp := a.(*net.TCPAddr)
	return tcp.IP.String(), uint16(tcp.Port)
}
