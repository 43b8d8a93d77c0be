package mx_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// Mail for a bank goes to a server that proves one of the bank's names, and to no other.
// Resolver and NetDialer are not needed where the DNS and the network are the real ones.
func Example() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	names := new(fakenet.Names)
	names.Add("bank.example MX 10 mx.provider.example", "mx.provider.example A 192.0.2.1")
	resolver, stop := names.Loopback()
	defer stop()

	sender, err := mx.New(mx.Config{
		Rules:    map[string]mx.Rule{"bank.example": {Level: mx.Secure, Names: []string{"mail.test"}}},
		Resolver: &dns.Resolver{Servers: []netip.AddrPort{resolver}},
		Dialer:   &dial.Dialer{NetDialer: dialtest.LeadTo(server.Addr()), TLSConfig: server.ClientConfig()},
		Session:  func(s mx.Session) { fmt.Println(s.Host, s.Addr, s.Demand, s.Security.Verified) },
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	defer sender.Close(ctx)

	route, err := sender.Look(ctx, "bank.example")
	if err != nil {
		log.Fatal(err)
	}
	for _, h := range route.Hosts {
		fmt.Println(h.Name, h.Demand, h.Names, h.Why)
	}
	envelope := smtpconn.Envelope{From: "joe@example.org", To: []string{"ann@bank.example"}}
	receipt, err := sender.Send(ctx, envelope, strings.NewReader("Subject: hello\r\n\r\nHello.\r\n"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.Accepted)
	// Output:
	// mx.provider.example tls by name [bank.example mail.test] the rule says secure
	// mx.provider.example 192.0.2.1 tls by name pkix
	// [ann@bank.example]
}

// A Sender is a relay of an outbox, which keeps messages on disk until each recipient's
// outcome is known, and tries again what is to wait. It is given a message for each domain.
func ExampleSender() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	names := new(fakenet.Names)
	names.Add("a.example MX 10 mail.test", "mail.test A 192.0.2.1", "b.example MX 0 .")
	resolver, stop := names.Loopback()
	defer stop()
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	sender, err := mx.New(mx.Config{
		Rules:    map[string]mx.Rule{"": {Level: mx.Encrypt}},
		Resolver: &dns.Resolver{Servers: []netip.AddrPort{resolver}},
		Dialer:   &dial.Dialer{NetDialer: dialtest.LeadTo(server.Addr()), TLSConfig: server.ClientConfig()},
	})
	if err != nil {
		log.Fatal(err)
	}
	ends := make(chan outbox.Result)
	box, err := outbox.Open(ctx, filepath.Join(dir, "outbox"), outbox.Config{
		Relays: []outbox.Relay{sender}, // which Close closes
		Result: func(_ context.Context, r outbox.Result) error { ends <- r; return nil },
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, to := range []string{"ann@a.example", "bob@b.example"} {
		envelope := smtpconn.Envelope{From: "joe@example.org", To: []string{to}}
		if err := box.Put(ctx, "letter 1 to "+to, envelope, strings.NewReader("Subject: hello\r\n\r\nHello.\r\n")); err != nil {
			log.Fatal(err)
		}
		end := <-ends
		fmt.Println(end.Recipient, end.Err)
	}
	if err := box.Close(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ann@a.example <nil>
	// bob@b.example smtpconn: message not sent: connect: mx: b.example (encrypt): 5.1.10: the domain takes no mail (null MX)
}
