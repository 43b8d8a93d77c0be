package mailconn_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// Moving from net/smtp. What was
//
//	a := smtp.PlainAuth("", "user", "password", "mail.example.org")
//	err := smtp.SendMail("mail.example.org:587", a, from, to, msg)
//
// becomes a dial that demands TLS, and a Send that says what became of each
// recipient. Lines must end in CRLF, or NormalizeLines makes them; text beyond
// ASCII is declared, where net/smtp declares everything.
func Example_fromNetSMTP() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	ctx := context.Background()

	client, err := smtpconn.Dial(ctx, server.Endpoint(policy.RequiredSTARTTLS), &smtpconn.Options{ // "submission://mail.example.org"
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // for the test's CA
		Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	envelope := smtpconn.Envelope{
		From: "user@example.org", To: []string{"ann@example.org"}, NormalizeLines: true,
		Mail: &smtp.MailOptions{Body: smtp.Body8BitMIME}, // of go-smtp
	}
	_, err = client.Send(ctx, envelope, strings.NewReader("Subject: hello\n\nGrüße\n"))
	fmt.Println("error:", err)
	// Output: error: <nil>
}

// Moving from go-imap's own constructors. What was
//
//	c, err := imapclient.DialStartTLS("mail.example.org:143", nil)
//	err = c.Login("user", "password").Wait()
//
// becomes one call; the client it returns has the same commands. From go-smtp's
// DialTLS, DialStartTLS and Auth it is the same, with smtpconn. Login, Auth and
// StartTLS return errors that say so: their work is done.
func Example_fromGoIMAP() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	client, err := imapconn.Dial(context.Background(), server.Endpoint(policy.RequiredSTARTTLS), &imapconn.Options{ // "imap://mail.example.org"
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // for the test's CA
		Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Println("error:", client.Noop().Wait()) // as before: client.Select("INBOX", nil).Wait()
	// Output: error: <nil>
}

// booleans is how many programs ask for TLS.
type booleans struct {
	SSL      bool // TLS from the first byte
	STARTTLS bool
}

// policy tells what the person who wrote the booleans can have meant. Neither
// says that the clear is welcome: no-tls has to be asked for by name.
func (b booleans) policy() (policy.Policy, error) {
	switch {
	case b.SSL && b.STARTTLS:
		return 0, fmt.Errorf("ssl and starttls are both true: choose implicit-tls or required-starttls")
	case b.SSL:
		return policy.ImplicitTLS, nil
	case b.STARTTLS:
		return policy.RequiredSTARTTLS, nil // "if it is there" is opportunistic-starttls
	}
	return 0, fmt.Errorf("say how to protect the connection: implicit-tls, required-starttls, or no-tls")
}

// Moving from "ssl: true, starttls: true" in a configuration file to a policy.
func Example_fromBooleans() {
	for _, b := range []booleans{{SSL: true}, {STARTTLS: true}, {SSL: true, STARTTLS: true}, {}} {
		p, err := b.policy()
		fmt.Println(p, err)
	}
	// Output:
	// implicit-tls <nil>
	// required-starttls <nil>
	// unset ssl and starttls are both true: choose implicit-tls or required-starttls
	// unset say how to protect the connection: implicit-tls, required-starttls, or no-tls
}
