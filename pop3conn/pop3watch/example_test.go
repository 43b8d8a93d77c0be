package pop3watch_test

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
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// Two runs of a program that looks once each: the second is given only what has come
// in between.
func ExampleOnce() {
	dir, err := os.MkdirTemp("", "pop3watch")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.POP3})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	config := pop3watch.Config{
		Endpoint: server.Endpoint(policy.RequiredSTARTTLS),
		Options: &pop3conn.Options{
			Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()},
			Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret")},
		},
		Seen: pop3watch.File(filepath.Join(dir, "seen")),
		Handle: func(ctx context.Context, m *pop3watch.Message) error {
			text, err := io.ReadAll(m)
			fmt.Printf("%s: %q\n", m.Key, text)
			return err
		},
	}
	for _, come := range []string{"first", "second"} {
		server.Store().Inbox().Add(mailstore.Message{ID: come, Text: "the " + come + " message\r\n"})
		if err := pop3watch.Once(context.Background(), config); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// first: "the first message\r\n"
	// second: "the second message\r\n"
}
