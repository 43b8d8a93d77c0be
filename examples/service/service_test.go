package service_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/service"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// Three messages, one of them to an address that is not valid.
func Example() {
	relay, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "service", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer relay.Close()

	endpoint := relay.Endpoint(policy.ImplicitTLS)     // in a program: dial.ParseEndpoint("submissions://relay.example.org")
	d := &dial.Dialer{TLSConfig: relay.ClientConfig()} // trusts the CA of the test
	password := auth.NewSecret("secret")               // in a program: a source that reads a file, see examples/tool
	sender, err := service.NewPool(endpoint, d, "service", password)
	if err != nil {
		log.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, to := range []string{"ann@example.org", "ben@example.org", "no address"} {
		content := strings.NewReader("From: service@example.org\r\nTo: " + to + "\r\nSubject: build failed\r\n\r\nSee the log.\r\n")
		receipt, err := sender.Send(ctx, smtpconn.Envelope{From: "service@example.org", To: []string{to}}, content)
		fmt.Println(to, "-", service.Decide(receipt, err))
	}
	if err := sender.Close(ctx); err != nil { // waits for the messages under way
		log.Fatal(err)
	}
	fmt.Println(len(relay.Messages()), "arrived")
	// Output:
	// ann@example.org - done: it was sent
	// ben@example.org - done: it was sent
	// no address - refused for good: give it up
	// 2 arrived
}

// The service gives up no message because of the relay, and sends none twice.
func TestDecide(t *testing.T) {
	endpoint := dial.Endpoint{Protocol: policy.Submission, Host: "mail.test", Policy: policy.ImplicitTLS}
	p, err := service.NewPool(endpoint, &dial.Dialer{NetDialer: broken{x509.UnknownAuthorityError{}}}, "service", auth.NewSecret("secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(t.Context())
	e := smtpconn.Envelope{From: "service@example.org", To: []string{"ann@example.org"}}
	send := func() service.Decision {
		return service.Decide(p.Send(t.Context(), e, strings.NewReader("x\r\n")))
	}
	if got := send(); got != service.Hold {
		t.Error("certificate:", got)
	}
	p.Close(t.Context())
	if got := send(); got != service.Requeue {
		t.Error("closed:", got)
	}
	if got := service.Decide(nil, &smtpconn.SendError{Outcome: smtpconn.InDoubt, Err: errors.New("x")}); got != service.Ask {
		t.Error("in doubt:", got)
	}
	if got := service.Decide(&smtpconn.Receipt{Refused: make([]smtpconn.Refusal, 1)}, nil); got != service.Partly {
		t.Error("a recipient refused:", got)
	}
}

// broken is a network on which every dial fails.
type broken struct{ err error }

func (b broken) DialContext(context.Context, string, string) (net.Conn, error) { return nil, b.err }
