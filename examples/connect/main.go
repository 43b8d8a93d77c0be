// Connect shows in one screen how a mail server is protected, or why it was
// refused. It takes the server's URL, and logs in if it is given a user:
//
//	go run ./examples/connect imaps://mail.example.org
//	go run ./examples/connect -user me@example.org submission://mail.example.org
//	go run ./examples/connect -h
//
// What it does with the library is in look.go (sessions), report.go (what was
// achieved, what stopped it) and trace.go.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/mailconn/mailconn/examples/internal/cli"
)

// The exit status.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = cli.StatusUsage
)

func main() {
	cli.Main(func(ctx context.Context, args []string) int { return run(ctx, args, os.Stdin, os.Stdout, os.Stderr) })
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if err != nil {
		return cli.Reject("connect", err, stderr)
	}
	t, err := o.target(ctx, stdin, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "connect:", err)
		return statusFailed
	}
	closeTranscript, err := o.record(t.dialer)
	if err != nil {
		fmt.Fprintln(stderr, "connect:", err)
		return statusFailed
	}
	defer closeTranscript()
	found, err := look(ctx, t)
	if err != nil {
		reportFailure(stderr, err)
		return statusFailed
	}
	found.report(stdout)
	return statusOK
}
