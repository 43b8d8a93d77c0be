// Watch prints the new mail of an account, until Ctrl-C, through outages and from run to
// run:
//
//	go run ./examples/watch -user me@example.org imaps://imap.example.org INBOX Alerts
//	go run ./examples/watch -user me@example.org pop3s://pop.example.org
//	go run ./examples/watch -h
//
// What it does with the library is in imap.go and pop3.go.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/login"
	"github.com/mailconn/mailconn/policy"
)

const usage = `watch prints new mail as it comes.

usage: watch [flags] -user NAME URL [MAILBOX...]

The URL is imaps://HOST or imap://HOST, or pop3s://HOST or pop3://HOST. Without the name of
a mailbox it is INBOX. What is there at the first run is not new by IMAP, and is by POP3.
With -exec a program is run for each message, with the message as its input; if it fails,
watch ends, and the message comes again with the next run. What was told is noted for each
host, port and user, as they are written: with another spelling it is a first run again.

flags:
`

// watch is what the command line says.
type watch struct {
	login.Login
	mailboxes []string
	dialer    *dial.Dialer
	auth      auth.Credentials
	file      string // what was told, from run to run
	program   string // of -exec
	out       io.Writer
}

func main() {
	cli.Main(func(ctx context.Context, args []string) int {
		return run(ctx, args, &watch{out: os.Stdout}, os.Stdin, os.Stderr)
	})
}

func run(ctx context.Context, args []string, w *watch, stdin io.Reader, stderr io.Writer) int {
	fs := cli.Flags("watch")
	w.Define(fs)
	fs.StringVar(&w.file, "seen", "", "keep note of what was told in `FILE`, for this account alone (default watch-seen-ACCOUNT)")
	fs.StringVar(&w.program, "exec", "", "run `PROGRAM` for each message")
	err := cli.Parse(fs, args, usage, w.out)
	if err == nil && fs.NArg() < 1 {
		err = errors.New("want a URL after the flags")
	}
	if err == nil {
		err = w.Check(fs.Arg(0), policy.IMAP, policy.POP3)
	}
	if err != nil {
		return cli.Reject("watch", err, stderr)
	}
	w.mailboxes, w.file = fs.Args()[1:], cmp.Or(w.file, cli.NoteName("watch-seen", w.Endpoint, w.User))
	if w.dialer, w.auth, err = w.Credentials(ctx, stdin, stderr); err == nil {
		err = cli.Hinted(w.watch(ctx))
	}
	return cli.Status("watch", err, stderr)
}

func (w *watch) watch(ctx context.Context) error {
	if w.Endpoint.Protocol == policy.POP3 {
		return w.pop3(ctx)
	}
	return w.imap(ctx)
}

// tell prints a message, and runs the program with it. The subject is a stranger's: it is
// quoted, and no argument.
func (w *watch) tell(ctx context.Context, mailbox, from, subject string, message io.Reader) error {
	fmt.Fprintf(w.out, "%s: %q from %q\n", mailbox, subject, from)
	if w.program == "" {
		return nil
	}
	cmd := exec.CommandContext(ctx, w.program)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = message, w.out, w.out
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err() // Ctrl-C has ended the program, too
	}
	return err
}

// down tells of an outage.
func (w *watch) down(failed *dial.Error, next time.Time) {
	fmt.Fprintf(w.out, "%v; next try at %s\n", failed, next.Format(time.TimeOnly))
}
