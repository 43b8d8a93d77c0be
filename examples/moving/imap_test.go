package moving_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/mailserver"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// deliver sends a message to the account.
func deliver(ctx context.Context, server *mailserver.Server, dialer *dial.Dialer) {
	client, err := smtpconn.Dial(ctx, server.Endpoint(policy.Submission, policy.ImplicitTLS), &smtpconn.Options{
		Dialer: dialer,
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Quit(ctx)
	envelope := smtpconn.Envelope{From: address, To: []string{address}}
	if _, err := client.Send(ctx, envelope, strings.NewReader("Subject: Lunch\r\n\r\nAt noon?\r\n")); err != nil {
		log.Fatal(err)
	}
}

// From go-imap v2. It was:
//
//	c, err := imapclient.DialStartTLS("mail.example.org:143", nil)
//	err = c.Login("user", "password").Wait()
//
// The client of imapconn is a go-imap client: all other commands are the same.
func Example_goIMAP() {
	server, dialer := start()
	defer server.Close()
	ctx := context.Background()
	deliver(ctx, server, dialer)

	client, err := imapconn.Dial(ctx, server.Endpoint(policy.IMAP, policy.RequiredSTARTTLS), &imapconn.Options{ // "imap://mail.example.org"
		Dialer: dialer,
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	selected, err := client.Select("INBOX", nil).Wait() // as before
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(selected.NumMessages, "message")
	// Output: 1 message
}

// From go-imap v1. It was:
//
//	c, err := client.DialTLS("mail.example.org:993", nil)
//	err = c.Login("user", "password")
//	mbox, err := c.Select("INBOX", false)
//	messages := make(chan *imap.Message)
//	go c.Fetch(seqset, []imap.FetchItem{imap.FetchEnvelope}, messages)
//	for m := range messages { ... }
//
// The commands are those of v2. A command returns at once, and its Wait, Collect or Next
// has the answer, so no channel and no goroutine is needed.
func Example_goIMAPv1() {
	server, dialer := start()
	defer server.Close()
	ctx := context.Background()
	deliver(ctx, server, dialer)

	client, err := imapconn.Dial(ctx, server.Endpoint(policy.IMAP, policy.ImplicitTLS), &imapconn.Options{ // "imaps://mail.example.org"
		Dialer: dialer,
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		log.Fatal(err)
	}
	var all imap.SeqSet
	all.AddRange(1, 0) // 1:*
	messages, err := client.Fetch(all, &imap.FetchOptions{Envelope: true, UID: true}).Collect()
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range messages {
		fmt.Println(m.UID, m.Envelope.Subject)
	}
	// Output: 1 Lunch
}

// A program that waits for new mail. It was a loop with a timer, a reconnect and a
// "use of closed network connection" at its end. The session ends with the context, and
// Err has the reason if it ends otherwise.
func Example_notifier() {
	server, dialer := start()
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	count := make(chan uint32, 1)
	client, err := imapconn.Dial(ctx, server.Endpoint(policy.IMAP, policy.ImplicitTLS), &imapconn.Options{
		Dialer: dialer,
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(m *imapclient.UnilateralDataMailbox) {
				if m.NumMessages != nil {
					count <- *m.NumMessages
				}
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	defer context.AfterFunc(ctx, func() { client.Abort() })()
	if _, err := client.Select("INBOX", nil).Wait(); err != nil {
		log.Fatal(err)
	}
	idle, err := client.Idle() // go-imap sends it again before the server's timeout
	if err != nil {
		log.Fatal(err)
	}
	deliver(ctx, server, dialer)
	// A program waits for count here. This one ends IDLE first: by its end, if not
	// before, the server has reported the message.
	fmt.Println(idle.Close(), idle.Wait(), client.Err())
	fmt.Println("messages:", <-count)
	// Output:
	// <nil> <nil> <nil>
	// messages: 1
}
