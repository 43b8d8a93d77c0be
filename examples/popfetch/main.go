// Popfetch saves the new mail of a POP3 account to a Maildir:
//
//	go run ./examples/popfetch -user me@example.org pop3s://pop.example.org ~/Maildir
//	go run ./examples/popfetch -h
//
// It may be killed at any point: the next run goes on, and no message is lost
// or there twice. What it does with the library is in save.go; the dance with
// tmp and new is in maildir.go, the display in progress.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// The exit status.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return statusOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "popfetch: %v\n(-h for help)\n", err)
		return statusUsage
	}
	if err := o.save(ctx, stdin, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "popfetch:", err)
		return statusFailed
	}
	return statusOK
}
