// Notify is a notification service: it takes messages as lines of JSON, keeps them in an
// outbox, and sends them through one relay or several. What it has answered for survives
// a crash and a new version of the program.
//
//	echo '{"id":"order 17","to":"ann@example.org","subject":"Hello","text":"It is done."}' |
//		go run ./examples/notify -outbox /var/lib/notify -from me@example.org -user me -password-file pw submissions://mail.example.org
//	go run ./examples/notify -h
//
// What it does with the library is in send.go.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/mailconn/mailconn/examples/internal/cli"
)

// The exit status.
const (
	statusOK      = 0 // all were sent; with -listen: it was told to stop
	statusFailed  = 1 // some were not, or there may be more
	statusUsage   = cli.StatusUsage
	statusInDoubt = 3 // some may have been
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal does what it does to every program
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is the program. The end of ctx is that of the input.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if err == nil {
		err = o.load()
	}
	if err != nil {
		return cli.Reject("notify", err, stderr)
	}
	defer o.close()
	status, err := o.send(ctx, stdin, stdout, newScreen(stderr))
	if err != nil {
		fmt.Fprintln(stderr, "notify:", err)
		return max(status, statusFailed)
	}
	return status
}
