// Imapsave saves a mailbox of an IMAP account to a Maildir:
//
//	go run ./examples/imapsave -user me@example.org imaps://imap.example.org ~/Maildir
//	go run ./examples/imapsave -h
//
// It may be killed at any point: the next run goes on, and no message is lost or there
// twice. Which message is there already depends on the host, the port and the user as they
// are written on the command line. What it does with the library is in save.go.
package main

import (
	"context"
	"io"
	"os"

	"github.com/mailconn/mailconn/examples/internal/cli"
)

func main() {
	cli.Main(func(ctx context.Context, args []string) int { return run(ctx, args, os.Stdin, os.Stdout, os.Stderr) })
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if err != nil {
		return cli.Reject("imapsave", err, stderr)
	}
	return cli.Status("imapsave", o.save(ctx, stdin, stdout, stderr), stderr)
}
