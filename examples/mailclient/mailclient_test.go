package mailclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/examples/mailclient"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
)

// domain has a server for reading, with a certificate that does not verify, and names
// one for sending that a hoster has. A program needs neither options nor NetDialer.
type domain struct {
	reading, sending *dialtest.Server
	options          discover.Options
	stop             func()
}

func newDomain() *domain {
	start := func(c dialtest.Config) *dialtest.Server {
		c.User, c.Password = "ann", "secret"
		s, err := dialtest.NewServer(c)
		if err != nil {
			log.Fatal(err)
		}
		return s
	}
	names := new(fakenet.Names)
	names.Add(
		"_imap._tcp.mail.test SRV 0 1 143 mail.test.",
		"_submissions._tcp.mail.test SRV 0 1 465 localhost.",
	)
	resolver, stop := names.Loopback()
	return &domain{
		reading: start(dialtest.Config{Protocol: policy.IMAP, Cert: dialtest.CertSelfSigned}),
		sending: start(dialtest.Config{Protocol: policy.Submission, Implicit: true}),
		options: discover.Options{Resolver: &dns.Resolver{Servers: []netip.AddrPort{resolver}}},
		stop:    stop,
	}
}

func (d *domain) close() {
	d.reading.Close()
	d.sending.Close()
	d.stop()
}

// DialContext leads to the servers by their ports.
func (d *domain) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if strings.HasSuffix(address, ":465") {
		return d.sending.NetDialer().DialContext(ctx, network, address)
	}
	return d.reading.NetDialer().DialContext(ctx, network, address)
}

func (d *domain) dialer() *dial.Dialer {
	return &dial.Dialer{
		NetDialer: d,
		TLSConfig: d.sending.ClientConfig(), // in a program nil: the system's authorities
		Peers:     new(memstore.Store),      // in a program: package filestore
	}
}

// user says yes to all questions but those in no, and shows them.
type user struct{ no []string }

func (u user) says(question string) bool { return !slices.Contains(u.no, question) }

func (u user) Agree(c discover.Candidate) bool {
	fmt.Println("Send by", c.Endpoint.Host+"? Only this says so:", c.Proofs[0])
	return u.says("agree")
}

// Trust is answered when the user has compared the key with what the provider says.
func (u user) Trust(found *dial.Inspection) bool {
	fmt.Println("Trust this server?", found.Names())
	return u.says("trust")
}

// An account is set up, and opened with the right password and with a wrong one.
func ExampleSetUp() {
	world := newDomain()
	defer world.close()
	ctx, d := context.Background(), world.dialer()

	account, err := mailclient.SetUp(ctx, d, &world.options, "ann@mail.test", user{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.Reading.Endpoint, account.Reading.Users)
	fmt.Println(account.Sending.Endpoint, account.Sending.Users)

	client, err := account.Read(ctx, d, auth.NewSecret("secret"))
	if err != nil {
		log.Fatal(err)
	}
	s := client.Security()
	fmt.Println("as", account.Reading.Users, "verified:", s.Verified, "- show a lock:", s.Confidential())
	client.Close()

	_, err = account.Read(ctx, d, auth.NewSecret("mistyped"))
	text, askAgain := mailclient.Explain(err)
	fmt.Println("ask again:", askAgain, "-", text)
	// Output:
	// Trust this server? [localhost mail.test 127.0.0.1 ::1]
	// Send by localhost? Only this says so: srv: unsigned DNS (mail.test)
	// imap://mail.test:143 [ann@mail.test ann]
	// submissions://localhost:465 [ann@mail.test ann]
	// as [ann] verified: pinned - show a lock: false
	// ask again: true - The server does not accept this user and password: check both; some providers want a password made for this program.
}

// The pin of an account is gone, as if the server's certificate had become invalid. The
// error tells what the server was like before.
func ExampleExplain() {
	world := newDomain()
	defer world.close()
	ctx, d := context.Background(), world.dialer()
	account, err := mailclient.SetUp(ctx, d, &world.options, "ann@mail.test", user{})
	if err != nil {
		log.Fatal(err)
	}
	client, err := account.Read(ctx, d, auth.NewSecret("secret"))
	if err != nil {
		log.Fatal(err)
	}
	client.Close()

	account.Pins = nil
	_, err = account.Read(ctx, d, auth.NewSecret("secret"))
	var failed *dial.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Phase, "- had TLS before:", failed.Known != nil)
	}
	text, askAgain := mailclient.Explain(err)
	beginning, _, _ := strings.Cut(text, ",")
	fmt.Printf("ask again: %v - %s, ...\n", askAgain, beginning)
	// Output:
	// Trust this server? [localhost mail.test 127.0.0.1 ::1]
	// Send by localhost? Only this says so: srv: unsigned DNS (mail.test)
	// handshake - had TLS before: true
	// ask again: false - This server was reached over TLS before, ...
}

// A no ends the set-up, and nothing is sent to a server that was not agreed to.
func TestNo(t *testing.T) {
	for _, no := range []string{"agree", "trust"} {
		world := newDomain()
		_, err := mailclient.SetUp(t.Context(), world.dialer(), &world.options, "ann@mail.test", user{[]string{no}})
		if err == nil || errors.Is(err, mailclient.ErrNoServer) != (no == "agree") {
			t.Errorf("%s: %v", no, err)
		}
		if heard := len(world.sending.Sessions()); heard > 0 {
			t.Errorf("%s: %d connections to the server for sending", no, heard)
		}
		world.close()
	}
}

// Mail is sent over the account.
func TestSend(t *testing.T) {
	world := newDomain()
	defer world.close()
	d := world.dialer()
	account, err := mailclient.SetUp(t.Context(), d, &world.options, "ann@mail.test", user{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := account.Send(t.Context(), d, auth.NewSecret("secret"))
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
}
