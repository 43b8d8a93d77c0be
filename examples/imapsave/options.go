package main

import (
	"errors"
	"io"

	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/login"
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
	login.Login
	maildir string
	mailbox string
}

func parse(args []string, help io.Writer) (*options, error) {
	var o options
	fs := cli.Flags("imapsave")
	o.Login.Define(fs)
	fs.StringVar(&o.mailbox, "mailbox", "INBOX", "save the mailbox `NAME`")
	err := cli.Parse(fs, args, usage, help)
	switch {
	case err != nil:
		return nil, err
	case fs.NArg() != 2:
		return nil, errors.New("want a URL and a directory after the flags")
	}
	o.maildir = fs.Arg(1)
	return &o, o.Check(fs.Arg(0), policy.IMAP)
}
