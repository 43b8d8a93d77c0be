package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/accountfile"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/prompt"
)

const usage = `connect shows how a mail server is protected, or why it was refused.

usage: connect [flags] URL
       connect [flags] -account FILE

The URL says protocol, policy, host and perhaps port:

  imaps://  pop3s://  submissions://  smtps://   TLS from the first byte
  imap://   pop3://   submission://   smtp://    STARTTLS, or no connection
  imap+opportunistic://  and so on               STARTTLS if it is offered, else in the clear
  imap+plain://  and so on                       in the clear

With -account the server for reading is that of a file which examples/account has
written, with its user and pins. Without a user there is no login. The password comes from -password-file, or it is
asked for. The exit status is 1 if there is no connection, and 2 if the command
line is wrong.

flags:
`

// options are what the command line says.
type options struct {
	endpoint     dial.Endpoint
	user         string
	pins         []dial.Pin
	passwordFile string
	ca           string
	timeout      time.Duration
	insecureAuth bool
	trace        bool
	transcript   string
}

func parse(args []string, help io.Writer) (*options, error) {
	var o options
	fs := cli.Flags("connect")
	fs.StringVar(&o.user, "user", "", "log in as `NAME`")
	account := fs.String("account", "", "take server, user and pins from `FILE`, as examples/account writes it")
	fs.StringVar(&o.passwordFile, "password-file", "", "read the password from `FILE`")
	fs.StringVar(&o.ca, "ca", "", "trust the CA certificates in `FILE` (PEM) instead of the system's")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Second, "give up after `TIME`, such as 10s")
	fs.BoolVar(&o.insecureAuth, "insecure-auth", false, "log in even where others can read the password")
	fs.BoolVar(&o.trace, "trace", false, "show each phase, and what is said in the clear")
	fs.StringVar(&o.transcript, "transcript", "", "write what both sides say to `FILE`, without secrets, for a bug report")
	err := cli.Parse(fs, args, usage, help)
	switch {
	case err != nil:
		return nil, err
	case o.timeout <= 0:
		return nil, errors.New("-timeout must be more than nothing")
	case *account != "" && fs.NArg() == 0 && o.user == "":
		return &o, o.load(*account)
	case fs.NArg() != 1 || *account != "":
		return nil, errors.New("want one URL, behind the flags, or -account without URL and user")
	case o.passwordFile != "" && o.user == "":
		return nil, errors.New("-password-file without -user")
	}
	o.endpoint, err = dial.ParseEndpoint(fs.Arg(0))
	return &o, err
}

// load takes what an account file says.
func (o *options) load(file string) error {
	a, err := accountfile.Load(file)
	if err != nil {
		return err
	}
	if a.Issuer != "" {
		return fmt.Errorf("%s: this account has no password: examples/account -check uses it", file)
	}
	o.endpoint, o.user, o.pins = a.Read, a.User, a.Pins
	return nil
}

// target is a server, and all that is needed to connect to it.
type target struct {
	endpoint dial.Endpoint
	dialer   *dial.Dialer
	user     string
	auth     auth.Credentials
	timeout  time.Duration
}

// record opens the transcript that the options name. close ends it.
func (o *options) record(d *dial.Dialer) (close func() error, err error) {
	if o.transcript == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(o.transcript)
	if err != nil {
		return nil, err
	}
	d.Transcript = f
	return f.Close, nil
}

// target reads the files that the options name, and asks for the password.
func (o *options) target(ctx context.Context, stdin io.Reader, stderr io.Writer) (*target, error) {
	t := &target{
		endpoint: o.endpoint,
		dialer:   &dial.Dialer{Timeout: o.timeout, Pins: o.pins},
		user:     o.user,
		timeout:  o.timeout,
	}
	if o.trace {
		t.dialer.Trace = traceTo(stderr)
	}
	if o.ca != "" {
		roots, err := readCA(o.ca)
		if err != nil {
			return nil, err
		}
		t.dialer.TLSConfig = &tls.Config{RootCAs: roots}
	}
	if o.user != "" {
		secret, err := prompt.Password(ctx, o.user, o.passwordFile, stdin, stderr)
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		t.auth = auth.Password{User: o.user, Secret: secret, InsecureCleartext: o.insecureAuth, InsecureUnverified: o.insecureAuth}
	}
	return t, nil
}

func readCA(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it (PEM)", file)
	}
	return roots, nil
}
