// Account sets up a mail account, as a mail program does: it finds the servers of an
// address, shows who says so, asks about what is not certain, signs in with a password or
// by OAuth, and writes an account file for next time. It is a module of its own:
//
//	cd examples/account
//	go run . joe@example.org
//	go run . -apps apps.json joe@example.org
//	go run . -check account.json
//	go run . -h
//
// What it does with the library is in setup.go (the steps), login.go (passwords, and the
// sessions that try them) and signin.go (OAuth).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/examples/internal/cli"
)

// The exit status.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = cli.StatusUsage
)

func main() {
	cli.Main(func(ctx context.Context, args []string) int {
		return run(ctx, new(discover.Options), args, os.Stdin, os.Stdout)
	})
}

// run sets up an account, or checks one. find is where the network is; the flags are added
// to it.
func run(ctx context.Context, find *discover.Options, args []string, stdin io.Reader, stdout io.Writer) int {
	o, err := parse(find, args, stdout)
	if err != nil {
		return cli.Reject("account", err, stdout)
	}
	s := newSetUp(o, find, stdin, stdout)
	if o.check {
		err = s.again(ctx)
	} else {
		err = s.setUp(ctx)
	}
	if err != nil {
		explain(stdout, err)
		return statusFailed
	}
	return statusOK
}

// explain writes what has stopped the program, and what can be done about it.
func explain(w io.Writer, err error) {
	fmt.Fprintf(w, "\nThis did not work: %v\n", err)
	var failed *dial.Error
	var own interface{ Hint() string } // of package oauth
	switch {
	case errors.As(err, &failed):
		fmt.Fprintln(w, failed.Hint())
	case errors.As(err, &own):
		fmt.Fprintln(w, own.Hint())
	}
}
