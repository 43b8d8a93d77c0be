package smtpconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/mail"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// From an endpoint to an authenticated session, and a message through it.
func ExampleDial() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, User: "joe", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx := context.Background()
	client, err := smtpconn.Dial(ctx, server.Endpoint(policy.RequiredSTARTTLS), &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // not needed for a server with a public certificate
		Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	envelope := smtpconn.Envelope{From: "joe@example.org", To: []string{"ann@example.org"}}
	message := "From: joe@example.org\r\nTo: ann@example.org\r\nSubject: hello\r\n\r\nHello Ann.\r\n"
	_, err = client.Send(ctx, envelope, strings.NewReader(message))
	fmt.Println(err, client.Quit(ctx))
	fmt.Println(server.Messages()[0].To)
	// Output:
	// <nil> <nil>
	// [ann@example.org]
}

// session stands for a session of a program's own.
func session() (client *smtpconn.Client, end func()) {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "user", Password: "secret"})
	if err != nil {
		panic(err)
	}
	client, err = smtpconn.Dial(context.Background(), server.Endpoint(policy.ImplicitTLS), &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()},
		Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		panic(err)
	}
	return client, func() { client.Quit(context.Background()); server.Close() }
}

func ExampleClient_Send() {
	client, end := session()
	defer end()
	e := smtpconn.Envelope{From: "shop@example.org", To: []string{"ann@example.org"}}
	receipt, err := client.Send(context.Background(), e, strings.NewReader("Subject: order 7\r\n\r\nOn its way.\r\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("taken for", receipt.Accepted)
	// Output: taken for [ann@example.org]
}

func ExampleClient_SendEach() {
	client, end := session()
	defer end()
	queue := []smtpconn.Message{}
	for _, to := range []string{"ann@example.org", "bob@example.org", "no one@example.org"} {
		queue = append(queue, smtpconn.Message{
			Envelope: smtpconn.Envelope{From: "shop@example.org", To: []string{to}},
			Content:  strings.NewReader("Subject: news\r\n\r\nThere is news.\r\n"),
		})
	}
	next := 0 // results come in the order of the messages
	for _, err := range client.SendEach(context.Background(), slices.Values(queue)) {
		to := queue[next].To
		next++
		if err != nil {
			fmt.Println(to, err)
			continue
		}
		fmt.Println(to, "taken")
	}
	// What is left was not touched: the connection ended.
	fmt.Println(len(queue)-next, "left")
	// Output:
	// [ann@example.org] taken
	// [bob@example.org] taken
	// [no one@example.org] smtpconn: message not sent: config: not an address that a command can hold: "no one@example.org"
	// 0 left
}

// Addresses as they stand in a header, and an envelope for them.
func ExampleNewEnvelope() {
	from, err1 := mail.ParseAddress("Web shop <shop@example.org>")
	to, err2 := mail.ParseAddressList(`Ann <ann@example.org>, "no one"@example.org`)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	e := smtpconn.NewEnvelope(from, to...)
	fmt.Println(e.From, e.To)
	// Output: shop@example.org [ann@example.org "no one"@example.org]
}

// What to do with a message that has no receipt.
func ExampleSendError() {
	again := func(err error) string {
		var failed *smtpconn.SendError
		switch {
		case errors.Is(err, smtpconn.InDoubt):
			return "ask a person: it may have arrived"
		case !errors.As(err, &failed):
			return "not an error of sending"
		case failed.Temporary():
			return "later, over another connection"
		case failed.MessageAtFault():
			return "never"
		}
		return "hold it: a pool's relay cannot be used, until a person has mended it"
	}
	client, end := session()
	defer end()
	e := smtpconn.Envelope{From: "shop@example.org", To: []string{"ann@example.org"}}
	_, err := client.Send(context.Background(), e, strings.NewReader("one line\nanother\n"))
	fmt.Println(again(err), errors.Is(err, smtpconn.ErrLineEnds))
	client.Abort()
	_, err = client.Send(context.Background(), e, strings.NewReader("one line\r\n"))
	fmt.Println(again(err))
	// Output:
	// never true
	// later, over another connection
}

// A receipt says for whom a message was taken, and which recipients were refused.
func ExampleReceipt() {
	client, end := session()
	defer end()
	e := smtpconn.Envelope{
		From: "shop@example.org", To: []string{"ann@example.org", "bob@example.org"},
		Partial: true, // bob gets it although ann is refused
	}
	receipt, err := client.Send(context.Background(), e, strings.NewReader("Subject: x\r\n\r\nx\r\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, to := range receipt.Accepted {
		fmt.Println(to, "has it")
	}
	for _, no := range receipt.Refused {
		fmt.Println(no.Recipient, "has not:", no.Reply.Message, no.Reply.Temporary())
	}
	// Output:
	// ann@example.org has it
	// bob@example.org has it
}

// A transaction by hand, with go-smtp's commands.
func ExampleClient_transaction() {
	client, end := session()
	defer end()
	err := errors.Join(client.Mail("shop@example.org", nil), client.Rcpt("ann@example.org", nil))
	if err != nil {
		fmt.Println(client.Reset(), err)
		return
	}
	w, err := client.Data()
	if err != nil {
		fmt.Println(err)
		return
	}
	io.WriteString(w, "Subject: order 7\n\nOn its way.\n") // go-smtp makes CRLF of LF
	fmt.Println(w.Close())                                 // nil: the server has the message
	// Output: <nil>
}

// What the server offers, as go-smtp reads it and as it was said.
func ExampleClient_offer() {
	client, end := session()
	defer end()
	pipelining, _ := client.Extension("PIPELINING")
	_, limited := client.MaxMessageSize()
	fmt.Println(pipelining, limited, client.SupportsAuth("PLAIN"), len(client.Capabilities()) > 0)
	// Output: true false true true
}

// Keeping a session, and ending it.
func ExampleClient_session() {
	client, end := session()
	defer end()
	ctx := context.Background()
	fmt.Println(client.Noop(), client.Err())
	fmt.Println(client.Quit(ctx), errors.Is(client.Err(), net.ErrClosed))
	// Output:
	// <nil> <nil>
	// <nil> true
}
