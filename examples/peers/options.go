package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/examples/internal/cli"
)

const usage = `peers shows what a file of remembered servers holds.

usage: peers FILE list           all servers, a line for each
       peers FILE explain URL    what is known of one, and what it is held to
       peers FILE forget URL     make it a stranger
       peers FILE prune          forget those whose time is over

The URL says protocol, host and perhaps port, as in imap://mail.example.org. The
port matters: imaps://mail.example.org, on port 993, is another server.

The exit status is 1 if the file could not be used, 2 if the command line is
wrong, and 3 if the server is not remembered.
`

// options are what the command line says.
type options struct {
	file    string
	command string
	peer    peers.Peer // of explain and forget
}

func parse(args []string, help io.Writer) (*options, error) {
	fs := cli.Flags("peers")
	switch err := cli.Parse(fs, args, usage, help); {
	case err != nil:
		return nil, err
	case fs.NArg() < 2:
		return nil, errors.New("want a file and a command")
	}
	o := &options{file: fs.Arg(0), command: fs.Arg(1)}
	switch rest := fs.Args()[2:]; o.command {
	case "list", "prune":
		if len(rest) > 0 {
			return nil, fmt.Errorf("want nothing after %s", o.command)
		}
		return o, nil
	case "explain", "forget":
		if len(rest) != 1 {
			return nil, fmt.Errorf("want one URL after %s", o.command)
		}
		return o, o.parsePeer(rest[0])
	}
	return nil, fmt.Errorf("unknown command %q", o.command)
}

func (o *options) parsePeer(url string) error {
	e, err := dial.ParseEndpoint(url)
	if err == nil {
		o.peer, err = e.Peer()
	}
	return err
}
