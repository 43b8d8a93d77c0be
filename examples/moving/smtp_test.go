package moving_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// From net/smtp. It was:
//
//	a := smtp.PlainAuth("", "user", "password", "mail.example.org")
//	err := smtp.SendMail("mail.example.org:587", a, from, to, message)
//
// As before, the message is sent to all recipients or to none, unless Partial is set. It
// has no limit of time without a context. Lines must end in CRLF unless NormalizeLines
// is set.
func Example_netSMTP() {
	server, dialer := start()
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	endpoint := server.Endpoint(policy.Submission, policy.RequiredSTARTTLS) // dial.ParseEndpoint("submission://mail.example.org")
	client, err := smtpconn.Dial(ctx, endpoint, &smtpconn.Options{
		Dialer: dialer,
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Quit(ctx)
	envelope := smtpconn.Envelope{From: address, To: []string{address}, NormalizeLines: true}
	receipt, err := client.Send(ctx, envelope, strings.NewReader("Subject: hello\n\nGrüße\n"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent to", receipt.Accepted)
	// Output: sent to [alice@mail.test]
}

// From go-smtp. It was:
//
//	c, err := smtp.DialStartTLS("mail.example.org:587", nil)
//	err = c.Auth(sasl.NewPlainClient("", "user", "password"))
//	err = c.SendMail(from, to, message)
//
// The client of smtpconn is a go-smtp client: Mail, Rcpt, Data, SendMail and the other
// commands are the same. Send is faster, has a context, and says what became of the
// message.
func Example_goSMTP() {
	server, dialer := start()
	defer server.Close()
	ctx := context.Background()

	client, err := smtpconn.Dial(ctx, server.Endpoint(policy.Submission, policy.RequiredSTARTTLS), &smtpconn.Options{
		Dialer: dialer,
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Println(client.SendMail(address, []string{address}, strings.NewReader("Subject: hello\r\n\r\nHello.\r\n")))

	err = client.SendMail(address, []string{unknown}, strings.NewReader("Subject: hello\r\n\r\nHello.\r\n"))
	var refused *smtp.SMTPError // as before
	fmt.Println("refused:", errors.As(err, &refused))
	// Output:
	// <nil>
	// refused: true
}

// From go-mail. It was:
//
//	c, err := mail.NewClient("mail.example.org", mail.WithTLSPolicy(mail.TLSMandatory),
//		mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername("user"), mail.WithPassword("password"))
//	err = c.DialAndSend(messages...)
//
// A message that go-mail composes is still composed by it: examples/compose shows how to
// send one. SendEach sends many in one session, with a result for each.
func Example_goMail() {
	server, dialer := start()
	defer server.Close()
	ctx := context.Background()

	client, err := smtpconn.Dial(ctx, server.Endpoint(policy.Submission, policy.RequiredSTARTTLS), &smtpconn.Options{
		Dialer: dialer,
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)}, // the strongest mechanism that the server lists
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Quit(ctx)
	messages := func(yield func(smtpconn.Message) bool) {
		for _, to := range []string{address, unknown, address} {
			m := smtpconn.Message{
				Envelope: smtpconn.Envelope{From: address, To: []string{to}},
				Content:  strings.NewReader("Subject: hello\r\n\r\nHello.\r\n"),
			}
			if !yield(m) {
				return
			}
		}
	}
	for receipt, err := range client.SendEach(ctx, messages) {
		if err != nil {
			fmt.Println("refused:", errors.Is(err, smtpconn.Refused))
			continue
		}
		fmt.Println("sent to", receipt.Accepted)
	}
	// Output:
	// sent to [alice@mail.test]
	// refused: true
	// sent to [alice@mail.test]
}

// From a pool of SMTP connections. Such a package often looks like this:
//
//	p, err := smtppool.New(smtppool.Opt{Host: "mail.example.org", Port: 587, MaxConns: 10, ...})
//	err = p.Send(email)
//
// The endpoint has the host, the port and the policy. Send waits for the outcome, so a
// program calls it from as many goroutines as it likes. It repeats what is safe to
// repeat, and nothing that the relay may have.
func Example_pool() {
	server, dialer := start()
	defer server.Close()
	ctx := context.Background()

	p, err := pool.New(pool.Config{
		Endpoint: server.Endpoint(policy.Submission, policy.RequiredSTARTTLS),
		Options: &smtpconn.Options{
			Dialer: dialer,
			Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
		},
		MaxConns: 10,
		IdleTime: 15 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	results := make(chan error)
	for range 50 {
		go func() {
			_, err := p.Send(ctx, smtpconn.Envelope{From: address, To: []string{address}}, strings.NewReader("Subject: hello\r\n\r\nHello.\r\n"))
			results <- err
		}()
	}
	sent := 0
	for range 50 {
		if err := <-results; err == nil {
			sent++
		}
	}
	fmt.Println(sent, "sent;", p.Close(ctx))
	// Output: 50 sent; <nil>
}
