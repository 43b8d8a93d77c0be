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
	"fmt"
	"io"
	"os"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/examples/internal/cli"
)

// The exit status.
const (
	statusReady  = 0 // there are servers for reading and sending that need no question
	statusUnsure = 1
	statusUsage  = cli.StatusUsage
)

func main() {
	cli.Main(func(ctx context.Context, args []string) int {
		return run(ctx, new(discover.Options), args, os.Stdout, os.Stderr)
	})
}

// run finds the servers of the address in args and writes about them to stdout. o
// is where the network is; the flags are added to it.
func run(ctx context.Context, o *discover.Options, args []string, stdout, stderr io.Writer) int {
	address, err := parse(o, args, stdout)
	if err != nil {
		return cli.Reject("find", err, stderr)
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
