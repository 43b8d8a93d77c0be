package filestore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/peers/filestore"
)

// A program opens its file once, and uses it in all its Dialers.
func Example() {
	dir, err := os.MkdirTemp("", "mail") // in a program: a permanent directory of the user
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := filestore.Open(context.Background(), filepath.Join(dir, "peers"))
	if err != nil {
		log.Fatal(err) // without the file, servers would not be held to their TLS
	}
	defer store.Close()

	d := &dial.Dialer{Peers: store}
	// d.Dial(ctx, endpoint) now holds servers to the TLS that they once had.

	e, err := dial.ParseEndpoint("imap+opportunistic://mail.example.org")
	if err != nil {
		log.Fatal(err)
	}
	p, err := e.Peer()
	if err != nil {
		log.Fatal(err)
	}
	known, err := d.Peers.Recall(context.Background(), p)
	fmt.Println(p, known != nil, err)
	// Output: imap mail.example.org:143 false <nil>
}
