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
	"github.com/mailconn/mailconn/internal/test/popbox"
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

	server := &popbox.Server{} // in this process, so that the example needs no network
	config := pop3watch.Config{
		Endpoint: dial.Endpoint{Protocol: policy.POP3, Host: "localhost", Policy: policy.NoTLS},
		Options: &pop3conn.Options{
			Dialer: &dial.Dialer{NetDialer: &piped{srv: server}},
			Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret"), InsecureCleartext: true},
		},
		Seen: pop3watch.File(filepath.Join(dir, "seen")),
		Handle: func(ctx context.Context, m *pop3watch.Message) error {
			text, err := io.ReadAll(m)
			fmt.Printf("%s: %q\n", m.Key, text)
			return err
		},
	}
	for _, come := range []string{"first", "second"} {
		server.Add(popbox.Message{ID: come, Text: "the " + come + " message\r\n"})
		if err := pop3watch.Once(context.Background(), config); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// first: "the first message\r\n"
	// second: "the second message\r\n"
}
