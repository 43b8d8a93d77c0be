package imapconn_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// Many messages take a round trip or two; a message that the server has not, such as the
// one with UID 7, does not come.
func ExampleClient_FetchEach() {
	client, end := login(nil)
	defer end()
	ctx := context.Background()
	for n := range 3 {
		text := fmt.Sprintf("Subject: number %d\r\n\r\nHello.\r\n", n+1)
		for _, err := range client.AppendEach(ctx, "INBOX", slices.Values([]imapconn.Append{{Content: strings.NewReader(text)}})) {
			if err != nil {
				log.Fatal(err)
			}
		}
	}
	if _, err := client.Select("INBOX", nil).Wait(); err != nil {
		log.Fatal(err)
	}

	for m, err := range client.FetchEach(ctx, imap.UIDSetNum(1, 3, 7), &imapconn.FetchOptions{Envelope: true}) {
		if err != nil {
			log.Fatal(err)
		}
		text, err := io.ReadAll(m)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.UID, m.Envelope.Subject, m.Size, len(text))
	}
	// Output:
	// 1 number 1 29 29
	// 3 number 3 29 29
}

// A message that cannot be appended costs itself.
func ExampleClient_AppendEach() {
	client, end := login(nil)
	defer end()

	drafts := []imapconn.Append{
		{Content: strings.NewReader("Subject: one\r\n\r\nHello.\r\n"), Flags: []imap.Flag{imap.FlagDraft}},
		{Content: strings.NewReader("")},
		{Content: strings.NewReader("Subject: three\r\n\r\nHello.\r\n")},
	}
	for a, err := range client.AppendEach(context.Background(), "INBOX", slices.Values(drafts)) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("appended with UID", a.UID)
	}
	// Output:
	// appended with UID 1
	// imapconn: message 1: no content
	// appended with UID 2
}

// A command that has no method, its arguments, and its answer as values.
func ExampleClient_Do() {
	client, end := login(nil)
	defer end()

	reply, err := client.Do(context.Background(), "STATUS", imapconn.MailboxName("INBOX"),
		imapconn.List{imapconn.Atom("MESSAGES"), imapconn.Atom("UIDNEXT")})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range reply.Responses {
		fmt.Println(r.Name, r.Args)
	}
	_, err = client.Do(context.Background(), "SELECT", imapconn.MailboxName("INBOX"))
	fmt.Println(err != nil, client.Err())
	// Output:
	// STATUS [INBOX [MESSAGES 0 UIDNEXT 1]]
	// true <nil>
}
