package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

const usage = `notify sends a message for each line of JSON on standard input.

usage: notify [flags] -from ADDRESS URL

The URL is submissions://HOST (TLS from the first byte) or submission://HOST
(STARTTLS, or no connection). A line has these fields, of which "to" is needed:

  {"id":"order 17","to":"ann@example.org","subject":"Hello","text":"It is done."}

Each message yields a line on standard output when its outcome is known, not
in the order of the input:

  {"id":"order 17","to":"ann@example.org","outcome":"sent","reply":"2.0.0 queued as 4XyZ"}

The outcome is sent, refused, not sent, or in doubt: then the relay may have taken
the message, and sending it again may double it. A line without an outcome, after
a crash, is in doubt too.

SIGINT and SIGTERM end the input. The messages that were begun go on, for as long
as -grace says, and each yields its line; lines without an outcome were not sent
then. A second signal ends the program at once, which is a crash.

The exit status is 0 if all were sent, 3 if the outcome of any is in doubt, 2 if
the command line is wrong, else 1: also if a signal came before the input's end.

flags:
`

// options are what the command line says.
type options struct {
	pool         pool.Config
	from         string
	user         string
	passwordFile string
	ca           string
	jobs         int
	timeout      time.Duration
	grace        time.Duration
}

func parse(args []string, help io.Writer) (*options, error) {
	var o options
	fs := flag.NewFlagSet("notify", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are returned, and help is not among them
	fs.Usage = func() {}
	o.define(fs)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(help, usage)
		fs.SetOutput(help)
		fs.PrintDefaults()
		return nil, err
	case err != nil:
		return nil, err
	case fs.NArg() != 1:
		return nil, errors.New("want a URL, behind the flags")
	case o.from == "":
		return nil, errors.New("want -from")
	case o.jobs < 1 || o.timeout <= 0:
		return nil, errors.New("-jobs and -timeout must be more than nothing")
	case o.grace < 0:
		return nil, errors.New("-grace must not be negative")
	case (o.user == "") != (o.passwordFile == ""):
		return nil, errors.New("want both of -user and -password-file, or none")
	}
	o.pool.Endpoint, err = dial.ParseEndpoint(fs.Arg(0))
	if p := o.pool.Endpoint.Protocol; err == nil && p != policy.Submission && p != policy.SMTP {
		err = errors.New("want a URL of SMTP")
	}
	return &o, err
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.from, "from", "", "send as `ADDRESS`")
	fs.StringVar(&o.user, "user", "", "log in as `NAME`")
	fs.StringVar(&o.passwordFile, "password-file", "", "read the password from `FILE`")
	fs.StringVar(&o.ca, "ca", "", "trust the CA certificates in `FILE` (PEM) instead of the system's")
	fs.IntVar(&o.pool.MaxConns, "conns", 4, "make at most `N` connections")
	fs.IntVar(&o.jobs, "jobs", 32, "send `N` messages at once")
	fs.Float64Var(&o.pool.RatePerSecond, "rate", 0, "send at most `N` messages a second (default no limit)")
	fs.DurationVar(&o.timeout, "timeout", 5*time.Minute, "give up a message after `TIME`, retries and a relay that is down included")
	fs.DurationVar(&o.grace, "grace", 10*time.Second, "after a signal, give up after `TIME` what was begun")
}

// load reads the files that the flags name.
func (o *options) load() error {
	d := &dial.Dialer{}
	o.pool.WaitWhileDown = true
	o.pool.Options = &smtpconn.Options{Dialer: d}
	if o.user != "" {
		text, err := os.ReadFile(o.passwordFile)
		if err != nil {
			return err
		}
		o.pool.Options.Auth = auth.Password{User: o.user, Secret: auth.NewSecret(strings.TrimRight(string(text), "\r\n"))}
	}
	if o.ca == "" {
		return nil
	}
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s: no certificate in it (PEM)", o.ca)
	}
	d.TLSConfig = &tls.Config{RootCAs: roots}
	return nil
}
