// Mx delivers mail to the mail servers of domains, and shows what it would do:
//
//	go run ./examples/mx look example.org bank.example
//	go run ./examples/mx send -from me@example.com ann@example.org < message
//	go run ./examples/mx demo
//	go run ./examples/mx -h
//
// "look" prints a table for each domain, without a connection to a mail server. "send"
// delivers a message from standard input, and prints what became of it as the fields of a
// delivery status (RFC 3464); its exit status is 0 if the message was delivered, 75 if
// it is to be sent again later, 69 if it goes back to its sender, and 74 if it is in doubt.
// "demo" does both to servers of its own, one of them behind an attacker.
//
// What it does with the library is in config.go and send.go; look.go prints a route.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/mailconn/mailconn/smtpconn/mx"
)

// The exit status, as sysexits.h has it.
const (
	statusOK          = 0
	statusUsage       = 64
	statusUnavailable = 69
	statusInDoubt     = 74
	statusLater       = 75
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
	var sender *mx.Sender
	if err == nil && o.command != "demo" {
		sender, err = mx.New(o.config)
	}
	if err != nil {
		fmt.Fprintf(stderr, "mx: %v\n(-h for help)\n", err)
		return statusUsage
	}
	switch o.command {
	case "demo":
		return demo(ctx, stdout, stderr)
	case "look":
		defer sender.Close(ctx)
		return look(ctx, sender, o.args, stdout)
	}
	defer sender.Close(ctx)
	message, err := io.ReadAll(stdin)
	if err != nil {
		fmt.Fprintln(stderr, "mx:", err)
		return statusUsage
	}
	return send(ctx, sender, o, message, stdout)
}
