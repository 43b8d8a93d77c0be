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

const usage = `imapsave saves a mailbox of an IMAP account to a Maildir.

usage: imapsave [flags] -user NAME URL MAILDIR

The URL is imaps://HOST (TLS from the first byte) or imap://HOST (STARTTLS, or no
connection). The Maildir is created if it is not there.

What is in the Maildir is not fetched again, as a message's file has an id in its name.
After a run that was killed the next one goes on where it was. A mail program may move
files from new to cur and put flags behind their names. A message whose file is deleted
from the Maildir, or moved out of it, is fetched again. Nothing on the server is changed.

The id holds the host, the port and the user as they are written, the mailbox (INBOX in any
case is the same), its UIDVALIDITY and the message's UID. So several mailboxes and servers
may go to one Maildir.
But with the same server by another name or port, or the user in another spelling, every
message is fetched once more.

The password comes from -password-file, or it is asked for. The exit status is 1
if something failed, and 2 if the command line is wrong.

flags:
`

// options are what the command line says.
type options struct {
	endpoint     dial.Endpoint
	maildir      string
	mailbox      string
	user         string
	passwordFile string
	ca           string
	timeout      time.Duration
	insecureAuth bool
}

func parse(args []string, help io.Writer) (*options, error) {
	var o options
	fs := cli.Flags("imapsave")
	o.define(fs)
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
	o.maildir = fs.Arg(1)
	if o.endpoint, err = dial.ParseEndpoint(fs.Arg(0)); err == nil && o.endpoint.Protocol != policy.IMAP {
		err = errors.New("want a URL of IMAP")
	}
	return &o, err
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.user, "user", "", "log in as `NAME`")
	fs.StringVar(&o.mailbox, "mailbox", "INBOX", "save the mailbox `NAME`")
	fs.StringVar(&o.passwordFile, "password-file", "", "read the password from `FILE`")
	fs.StringVar(&o.ca, "ca", "", "trust the CA certificates in `FILE` (PEM) instead of the system's")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Second, "give up connecting after `TIME`, such as 10s")
	fs.BoolVar(&o.insecureAuth, "insecure-auth", false, "log in even where others can read the password")
}
