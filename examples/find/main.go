// Find shows which servers a mail address has, and who says so:
//
//	go run ./examples/find joe@example.org
//	go run ./examples/find -table https://v1.ispdb.net/ joe@example.org
//	go run ./examples/find -h
//
// It sends no password, and connects to mail servers only where it has to guess
// their names. What it does with the library is in options.go; report.go turns the
// result into sentences.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/mailconn/mailconn/dial/discover"
)

// The exit status.
const (
	statusReady  = 0 // there are servers for reading and sending that need no question
	statusUnsure = 1
	statusUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, new(discover.Options), os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run finds the servers of the address in args and writes about them to stdout. o
// is where the network is; the flags are added to it.
func run(ctx context.Context, o *discover.Options, args []string, stdout, stderr io.Writer) int {
	address, err := parse(o, args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return statusReady
	}
	if err != nil {
		fmt.Fprintf(stderr, "find: %v\n(-h for help)\n", err)
		return statusUsage
	}
	found, err := discover.Find(ctx, address, o)
	if found == nil {
		fmt.Fprintln(stderr, "find:", err)
		return statusUsage
	}
	report(stdout, address, found)
	if err != nil {
		fmt.Fprintln(stderr, "find: not finished:", err)
		return statusUnsure
	}
	if len(found.Reading.Ready) == 0 || len(found.Sending.Ready) == 0 {
		return statusUnsure
	}
	return statusReady
}
