package fetch_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/fetch"
)

// example is a server with two messages and a place for files, which live as
// long as the example.
type example struct {
	srv *dialtest.Server
	dir string
}

func newExample() example {
	srv, err := dialtest.NewServer(dialtest.Config{
		Protocol: policy.POP3, Implicit: true, User: "me", Password: "secret",
		Mailbox: []string{"Subject: one\r\n\r\nHello.\r\n", "Subject: two\r\n\r\nHello again.\r\n"},
	})
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "fetch")
	if err != nil {
		log.Fatal(err)
	}
	return example{srv, dir}
}

func (e example) end() { e.srv.Close(); os.RemoveAll(e.dir) }

func (e example) dial() *pop3conn.Client {
	client, err := pop3conn.Dial(context.Background(), e.srv.Endpoint(policy.ImplicitTLS), &pop3conn.Options{
		Dialer: &dial.Dialer{TLSConfig: e.srv.ClientConfig()}, // without it: the system's certificates
		Auth:   auth.Password{User: "me", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

// All that is new, each time.
func ExampleMail() {
	e := newExample()
	defer e.end()
	for range 2 {
		seen, err := fetch.OpenFile(filepath.Join(e.dir, "seen"))
		if err != nil {
			log.Fatal(err)
		}
		client := e.dial()
		result, err := fetch.Mail(context.Background(), client, &fetch.Options{Seen: seen}, func(m *fetch.Message) error {
			n, err := io.Copy(io.Discard, m)
			fmt.Println(m.ID, n)
			return err
		})
		fmt.Println(result.New, "new", err)
		client.Quit(context.Background())
		seen.Close()
	}
	// Output:
	// 1001.1 24
	// 1001.2 30
	// 2 new <nil>
	// 0 new <nil>
}

// What was stored is deleted, and nothing else.
func ExampleMail_delete() {
	e := newExample()
	defer e.end()
	seen, err := fetch.OpenFile(filepath.Join(e.dir, "seen"))
	if err != nil {
		log.Fatal(err)
	}
	defer seen.Close()
	client := e.dial()
	defer client.Close()
	result, err := fetch.Mail(context.Background(), client, &fetch.Options{Seen: seen, Delete: true}, func(m *fetch.Message) error {
		f, err := os.Create(filepath.Join(e.dir, m.ID))
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.Copy(f, m); err != nil {
			return err
		}
		return f.Sync()
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Quit(context.Background()); err != nil {
		log.Fatal(err) // some may still be there
	}
	fmt.Println(result.Stored, "stored,", result.Deleted, "deleted,", len(e.srv.Mailbox()), "left")
	// Output:
	// 2 stored, 2 deleted, 0 left
}
