package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/examples/check/internal/findings"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/internal/cli"
)

func main() {
	cli.Main(func(ctx context.Context, args []string) int {
		return run(ctx, new(discover.Options), args, os.Stdin, os.Stdout, os.Stderr)
	})
}

// run is the program; find is where the network is. Its status is one of package report: a
// command line that is wrong is something that could not be looked at, too.
func run(ctx context.Context, find *discover.Options, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, find, stdout)
	if err != nil {
		return cli.Reject("check", err, stderr)
	}
	r, err := o.report(ctx, stdin, stderr)
	if err == nil {
		r.Findings = findings.Of(r)
		err = o.show(r, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "check:", report.Visible(err.Error()))
		return report.StatusNoLook
	}
	return r.Status()
}
