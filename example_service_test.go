package mailconn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A notification service: one pool for as long as the program runs, and a
// straight answer for each message. [examples/notify] is a whole program.
//
// [examples/notify]: https://pkg.go.dev/github.com/mailconn/mailconn/examples/notify
func Example_notificationService() {
	relay, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "service", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer relay.Close()

	sender, err := pool.New(pool.Config{
		Endpoint: relay.Endpoint(policy.ImplicitTLS), // in earnest: dial.ParseEndpoint("submissions://relay.example.org")
		Options: smtpconn.Options{
			Dialer: &dial.Dialer{TLSConfig: relay.ClientConfig()}, // in earnest: not needed
			Auth:   auth.Password{User: "service", Secret: auth.NewSecret("secret")},
		},
		MaxConns:      4,
		RatePerSecond: 500,
		Burst:         100,
		WaitWhileDown: true,
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, to := range []string{"ann@example.org", "ben@example.org", "no address"} {
		content := strings.NewReader("From: service@example.org\r\nTo: " + to + "\r\nSubject: build failed\r\n\r\nSee the log.\r\n")
		receipt, err := sender.Send(ctx, smtpconn.Envelope{From: "service@example.org", To: []string{to}}, content)
		fmt.Println(to, "-", verdict(receipt, err))
	}
	if err := sender.Close(ctx); err != nil { // waits for what is under way
		log.Fatal(err)
	}
	fmt.Println(len(relay.Messages()), "arrived")
	// Output:
	// ann@example.org - sent
	// ben@example.org - sent
	// no address - rejected: give up
	// 2 arrived
}

// verdict is what a service does about a message.
func verdict(receipt *smtpconn.Receipt, err error) string {
	var failed *smtpconn.SendError
	var down *pool.DownError
	switch {
	case err == nil && len(receipt.Refused) == 0:
		return "sent"
	case err == nil:
		return "sent, but not to all"
	case errors.Is(err, smtpconn.InDoubt):
		return "may have been sent: do not send again unless twice is no harm"
	case errors.As(err, &down):
		// The relay's fault, not the message's: it is away, refuses the
		// password, or has a certificate that is not trusted. down.Temporary
		// tells whether somebody has to be woken up.
		return "not sent: hold it, and try again from down.Next"
	case errors.As(err, &failed) && failed.MessageAtFault() && !failed.Temporary():
		return "rejected: give up"
	}
	return "not sent: put it back into the queue"
}
