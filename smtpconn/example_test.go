package smtpconn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
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

	client, err := smtpconn.Dial(context.Background(), server.Endpoint(policy.RequiredSTARTTLS), &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // not needed for a server with a public certificate
		Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	message := "From: joe@example.org\r\nTo: ann@example.org\r\nSubject: hello\r\n\r\nHello Ann.\r\n"
	err = client.SendMail("joe@example.org", []string{"ann@example.org"}, strings.NewReader(message))
	fmt.Println(err, client.Quit(context.Background()))
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
	for receipt, err := range client.SendEach(context.Background(), slices.Values(queue)) {
		to := queue[next].To
		next++
		if err != nil {
			fmt.Println(to, err)
			continue
		}
		fmt.Println(to, "taken, refused for", len(receipt.Refused))
	}
	// What is left was not touched: the connection ended.
	fmt.Println(len(queue)-next, "left")
	// Output:
	// [ann@example.org] taken, refused for 0
	// [bob@example.org] taken, refused for 0
	// [no one@example.org] smtpconn: message not sent: config: not an address that a command can hold: "no one@example.org"
	// 0 left
}

// What to do with a message that has no receipt.
func ExampleSendError() {
	again := func(err error) string {
		var failed *smtpconn.SendError
		switch {
		case !errors.As(err, &failed):
			return "not an error of sending"
		case failed.Outcome == smtpconn.InDoubt:
			return "ask somebody: it may have arrived"
		case failed.Temporary():
			return "later, over another connection"
		case failed.MessageAtFault():
			return "never"
		}
		return "hold it: a pool's relay cannot be used, until somebody mends it"
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

// A receipt says for whom a message was taken, and who was refused and why.
func ExampleReceipt() {
	receipt := func(r *smtpconn.Receipt) {
		fmt.Println("the server said:", r.Reply)
		for _, to := range r.Accepted {
			fmt.Println(to, "has it")
		}
		for _, no := range r.Refused {
			fmt.Println(no.Recipient, "has not:", no.Reply.Code, no.Reply.EnhancedCode, no.Reply.Message, no.Reply.Temporary())
		}
	}
	receipt(&smtpconn.Receipt{Reply: "2.0.0 queued as 4XyZ", Accepted: []string{"ann@example.org"}})
	// Output:
	// the server said: 2.0.0 queued as 4XyZ
	// ann@example.org has it
}
