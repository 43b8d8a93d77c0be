package main

import (
	"errors"
	"io"
	"time"

	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/login"
	"github.com/mailconn/mailconn/policy"
)

const usage = `popfetch saves the new mail of a POP3 account to a Maildir.

usage: popfetch [flags] -user NAME URL MAILDIR

The URL is pop3s://HOST (TLS from the first byte) or pop3://HOST (STLS, or no
connection). The Maildir is created if it is not there.

What was saved is noted in MAILDIR/popfetch-seen-ACCOUNT, so that it is not fetched
again. The account is the server's name and port as they are written, and the user.
Nothing is deleted from the server unless -delete says so, and then only what
was saved. It may be killed at any point and run again.

The password comes from -password-file, or it is asked for. The exit status is 1
if something failed, and 2 if the command line is wrong.

flags:
`

// options are what the command line says.
type options struct {
	login.Login
	maildir  string
	lockstep bool
	remove   bool
	age      time.Duration
	maxSize  int64
}

func parse(args []string, help io.Writer) (*options, error) {
	var o options
	fs := cli.Flags("popfetch")
	o.Login.Define(fs)
	fs.BoolVar(&o.lockstep, "no-pipelining", false, "wait for every reply before the next command")
	fs.Int64Var(&o.maxSize, "max-size", 0, "fail at a message of more than `BYTES` (default no limit)")
	days := fs.Int("delete", -1, "delete from the server what was saved `DAYS` ago; 0 at once (default never)")
	err := cli.Parse(fs, args, usage, help)
	switch {
	case err != nil:
		return nil, err
	case fs.NArg() != 2:
		return nil, errors.New("want a URL and a directory after the flags")
	}
	o.remove, o.age = *days >= 0, time.Duration(max(*days, 0))*24*time.Hour
	o.maildir = fs.Arg(1)
	return &o, o.Check(fs.Arg(0), policy.POP3)
}
