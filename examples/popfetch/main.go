// Popfetch saves the new mail of a POP3 account to a Maildir:
//
//	go run ./examples/popfetch -user me@example.org pop3s://pop.example.org ~/Maildir
//	go run ./examples/popfetch -h
//
// It may be killed at any point: the next run goes on, and no message is lost
// or there twice. What it does with the library is in save.go; which message has which
// file is in maildir.go.
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
		return cli.Reject("popfetch", err, stderr)
	}
	return cli.Status("popfetch", o.save(ctx, stdin, stdout, stderr), stderr)
}
