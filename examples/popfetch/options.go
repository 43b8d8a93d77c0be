package main

import (
	"errors"
	"flag"
	"io"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/internal/cli"
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
	endpoint     dial.Endpoint
	maildir      string
	user         string
	passwordFile string
	ca           string
	timeout      time.Duration
	insecureAuth bool
	lockstep     bool
	remove       bool
	age          time.Duration
	maxSize      int64
}

func parse(args []string, help io.Writer) (*options, error) {
	var o options
	fs := cli.Flags("popfetch")
	o.define(fs)
	days := fs.Int("delete", -1, "delete from the server what was saved `DAYS` ago; 0 at once (default never)")
	err := cli.Parse(fs, args, usage, help)
	switch {
	case err != nil:
		return nil, err
	case fs.NArg() != 2:
		return nil, errors.New("want a URL and a directory, behind the flags")
	case o.user == "":
		return nil, errors.New("want -user")
	case o.timeout <= 0:
		return nil, errors.New("-timeout must be more than nothing")
	}
	o.remove, o.age = *days >= 0, time.Duration(max(*days, 0))*24*time.Hour
	o.maildir = fs.Arg(1)
	if o.endpoint, err = dial.ParseEndpoint(fs.Arg(0)); err == nil && o.endpoint.Protocol != policy.POP3 {
		err = errors.New("want a URL of POP3")
	}
	return &o, err
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.user, "user", "", "log in as `NAME`")
	fs.StringVar(&o.passwordFile, "password-file", "", "read the password from `FILE`")
	fs.StringVar(&o.ca, "ca", "", "trust the CA certificates in `FILE` (PEM) instead of the system's")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Second, "give up connecting after `TIME`, such as 10s")
	fs.BoolVar(&o.insecureAuth, "insecure-auth", false, "log in even where others can read the password")
	fs.BoolVar(&o.lockstep, "no-pipelining", false, "wait for every reply before the next command")
	fs.Int64Var(&o.maxSize, "max-size", 0, "fail at a message of more than `BYTES` (default no limit)")
}
