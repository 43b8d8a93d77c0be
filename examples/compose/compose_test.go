package compose_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"

	"github.com/emersion/go-message/mail"
	"github.com/jhillyerd/enmime/v2"
	gomail "github.com/wneessen/go-mail"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// send brings a composed message across, to a relay of the test's.
func send(from string, to []string, content io.Reader) {
	relay, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, Implicit: true})
	if err != nil {
		log.Fatal(err)
	}
	defer relay.Close()
	ctx := context.Background()
	client, err := smtpconn.Dial(ctx, relay.Endpoint(policy.ImplicitTLS), &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: relay.ClientConfig()}, // not needed for a server with a public certificate
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	receipt, err := client.Send(ctx, smtpconn.Envelope{From: from, To: to}, content)
	if err != nil {
		log.Fatal(err)
	}
	arrived := relay.Messages()[0].Data
	fmt.Println("accepted for", receipt.Accepted, "with the text:", bytes.Contains(arrived, []byte("ready")))
}

// go-message writes a message to any writer.
func Example_goMessage() {
	var header mail.Header
	header.SetAddressList("From", []*mail.Address{{Name: "Jörg", Address: "joerg@example.org"}})
	header.SetAddressList("To", []*mail.Address{{Name: "Ann", Address: "ann@example.org"}})
	header.SetSubject("Grüße")
	var message bytes.Buffer
	w, err := mail.CreateSingleInlineWriter(&message, header)
	if err != nil {
		log.Fatal(err)
	}
	io.WriteString(w, "Your order is ready.\r\n")
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	send("joerg@example.org", []string{"ann@example.org"}, &message)
	// Output: accepted for [ann@example.org] with the text: true
}

// A message of go-mail is an io.WriterTo that knows its own envelope.
func Example_goMail() {
	m := gomail.NewMsg()
	if err := m.From("joe@example.org"); err != nil {
		log.Fatal(err)
	}
	if err := m.To("ann@example.org"); err != nil {
		log.Fatal(err)
	}
	m.Subject("Your order")
	m.SetBodyString(gomail.TypeTextPlain, "Your order is ready.\r\n")
	var to []string
	for _, address := range m.GetTo() {
		to = append(to, address.Address)
	}
	var message bytes.Buffer
	if _, err := m.WriteTo(&message); err != nil {
		log.Fatal(err)
	}
	send(m.GetFrom()[0].Address, to, &message)
	// Output: accepted for [ann@example.org] with the text: true
}

// enmime builds a message and encodes it.
func Example_enmime() {
	part, err := enmime.Builder().
		From("Joe", "joe@example.org").
		To("Ann", "ann@example.org").
		Subject("Your order").
		Text([]byte("Your order is ready.\r\n")).
		Build()
	if err != nil {
		log.Fatal(err)
	}
	var message bytes.Buffer
	if err := part.Encode(&message); err != nil {
		log.Fatal(err)
	}
	send("joe@example.org", []string{"ann@example.org"}, &message)
	// Output: accepted for [ann@example.org] with the text: true
}
