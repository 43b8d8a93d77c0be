// Quickstart sends a message and reads it back over IMAP and POP3, then shows
// what each policy makes of each kind of network.
//
// It brings its own mail servers, on free ports of 127.0.0.1, and ends by
// itself within seconds:
//
//	go run ./examples/quickstart
//
// The exit status is 1 if anything is not as the policies promise.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/internal/mailserver"
)

const legend = `
TLS 1.3          encrypted, with the server's certificate verified
clear (asked)    in the clear, as no-tls wants it
clear (said so)  in the clear, since TLS was not offered: Security().Downgrade says so, OnDowngrade
                 may veto it; here as above no password is sent unless the program insists
all others       no connection but an error, which errors.Is and errors.As tell from the others
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) error {
	srv, err := mailserver.Start()
	if err != nil {
		return err
	}
	defer srv.Close()

	// The one thing that is special here: the servers' certificate is issued
	// by a CA of their own. For servers on the internet a zero Dialer will do.
	d := &dial.Dialer{TLSConfig: srv.ClientConfig(), Timeout: 5 * time.Second}

	if err := thereAndBack(ctx, w, srv, d); err != nil {
		return err
	}
	fmt.Fprint(w, "\nWhat a program gets, by network and policy, in all three protocols alike:\n\n")
	if err := (probe{srv, d}).table(ctx, w, networks()); err != nil {
		return err
	}
	_, err = fmt.Fprint(w, legend)
	return err
}
