package imapwatch_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/policy"
)

// serve starts a server in this process, and returns a config for a program that watches
// it. The program keeps its positions in dir.
func serve(dir string) (*dialtest.Server, imapwatch.Config) {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
	if err != nil {
		log.Fatal(err)
	}
	return server, imapwatch.Config{
		Endpoint: server.Endpoint(policy.RequiredSTARTTLS),
		Options: &imapconn.Options{
			Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()},
			Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret")},
		},
		Positions: imapwatch.File(filepath.Join(dir, "positions")),
	}
}

// A program that is told of new messages, whatever happens, until it has had two.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "imapwatch")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	server, config := serve(dir)
	defer server.Close()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	options := &imapconn.FetchOptions{Envelope: true, NoBody: true}
	config.Handle = imapwatch.EachMessage(options, func(ctx context.Context, m *imapwatch.Message) error {
		fmt.Println(m.UID, m.Envelope.Subject)
		if m.UID == 2 {
			cancel()
			return nil
		}
		server.Deliver("Subject: second\r\n\r\n")
		return nil
	})
	config.Down = func(failed *dial.Error, next time.Time) { log.Printf("%v; next try at %v", failed, next) }
	server.Deliver("Subject: first\r\n\r\n")
	if err := imapwatch.Run(ctx, config); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 first
	// 2 second
}

// A program that keeps a copy of a mailbox: what each run changes.
func ExampleOnce() {
	dir, err := os.MkdirTemp("", "imapwatch")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	server, config := serve(dir)
	defer server.Close()

	config.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
		fmt.Printf("%s: new [%v], changed [%v], vanished [%v]\n", c.Mailbox, c.New, c.Changed, c.Vanished)
		for m, err := range client.FetchEach(ctx, c.New, nil) {
			if err != nil {
				return err
			}
			fmt.Printf("  message %d has %d bytes\n", m.UID, m.Size)
		}
		return nil
	}
	for _, happens := range []func(){
		func() { server.Deliver("Subject: one\r\n\r\n", "Subject: two\r\n\r\n") },
		func() { server.Expunge(1); server.Store().Inbox().SetFlags(2, `\Seen`) },
		func() {},
	} {
		happens()
		if err := imapwatch.Once(context.Background(), config); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// INBOX: new [1:2], changed [], vanished []
	//   message 1 has 16 bytes
	//   message 2 has 16 bytes
	// INBOX: new [], changed [2], vanished [1]
}
