package dns_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

func ExampleResolver_Ask() {
	// A name server for this example. In earnest the zero Resolver asks those of
	// resolv.conf.
	names, stop := nameServer("_imaps._tcp.example.org SRV 0 1 993 imap.example.org.", "_pop3s._tcp.example.org SRV 0 0 0 .")
	defer stop()
	r := dns.Resolver{Servers: []netip.AddrPort{names}}

	for _, service := range []string{"_imaps._tcp", "_pop3s._tcp", "_submissions._tcp"} {
		answer, err := r.Ask(context.Background(), service+".example.org", dnsmessage.TypeSRV)
		if err != nil {
			log.Fatal(err) // nothing is known: this is no absence
		}
		if answer.Absent != dns.Present {
			fmt.Println(service, answer.Absent)
			continue
		}
		srv := answer.Records[0].Body.(*dnsmessage.SRVResource)
		fmt.Println(service, srv.Target, srv.Port, "- secure:", answer.Secure)
	}
	// Output:
	// _imaps._tcp imap.example.org. 993 - secure: false
	// _pop3s._tcp . 0 - secure: false
	// _submissions._tcp no such name
}

// nameServer serves records on loopback.
func nameServer(records ...string) (netip.AddrPort, func()) {
	names := new(fakenet.Names)
	names.Add(records...)
	return names.Loopback()
}
