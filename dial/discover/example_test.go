package discover_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

// A program that sets up an account uses the best server that the domain vouches for,
// and asks a person about others.
func ExampleFind() {
	// A name server for this example. In a program o may be nil: then the name servers
	// of resolv.conf are asked.
	names := new(fakenet.Names)
	names.Add(
		"_imaps._tcp.example.org SRV 0 1 993 imap.example.org.",
		"_pop3s._tcp.example.org SRV 0 0 0 .",
		"_submissions._tcp.example.org SRV 0 1 465 smtp.hoster.example.",
	)
	server, stop := names.Loopback()
	defer stop()
	o := &discover.Options{Resolver: &dns.Resolver{Servers: []netip.AddrPort{server}}}

	found, err := discover.Find(context.Background(), "joe@example.org", o)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range found.Reading.Ready {
		fmt.Println("read from", c.Endpoint, "as", c.Users[0])
	}
	for _, c := range found.Sending.AskFirst {
		fmt.Printf("send by %s? Only this says so: %v\n", c.Endpoint.Host, c.Proofs[0])
	}
	fmt.Println("does not exist:", found.Reading.Absent)
	for _, failed := range found.Failed {
		fmt.Println(failed.Source, "could not be asked:", failed.Err)
	}
	// Output:
	// read from imaps://imap.example.org:993 as joe@example.org
	// send by smtp.hoster.example? Only this says so: srv: unsigned DNS (example.org)
	// does not exist: [pop3s]
}

// PublicAddress forbids connections that an attacker who chooses the domain could make a
// service of yours make.
func ExamplePublicAddress() {
	for _, a := range []string{"198.51.100.7", "169.254.169.254", "::ffff:127.0.0.1", "10.0.0.1"} {
		fmt.Println(a, discover.PublicAddress(netip.MustParseAddr(a)))
	}
	// Output:
	// 198.51.100.7 <nil>
	// 169.254.169.254 link-local address
	// ::ffff:127.0.0.1 loopback address
	// 10.0.0.1 <nil>
}
