package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// options are what the command line says.
type options struct {
	dir          string
	endpoints    []dial.Endpoint // of the relays
	relay        pool.Config     // but for the endpoint
	box          outbox.Config   // but for the relays and the handlers
	from         string
	listen       string
	user         string
	passwordFile string
	ca           string
	transcript   string
	grace        time.Duration

	close func() error // the transcript
}

func parse(args []string, help io.Writer) (*options, error) {
	var o options
	fs := cli.Flags("notify")
	o.define(fs)
	err := cli.Parse(fs, args, usage, help)
	switch {
	case err != nil:
		return nil, err
	case fs.NArg() == 0:
		return nil, errors.New("want a URL after the flags")
	case o.from == "" || o.dir == "":
		return nil, errors.New("want -outbox and -from")
	case o.box.Workers < 1 || o.box.Expire <= 0 || o.box.RetryDelay <= 0:
		return nil, errors.New("-jobs, -expire and -retry must be more than nothing")
	case o.grace < 0:
		return nil, errors.New("-grace must not be negative")
	case (o.user == "") != (o.passwordFile == ""):
		return nil, errors.New("want both of -user and -password-file, or none")
	}
	for _, url := range fs.Args() {
		e, err := dial.ParseEndpoint(url)
		if err != nil {
			return nil, err
		}
		if e.Protocol != policy.Submission && e.Protocol != policy.SMTP {
			return nil, fmt.Errorf("%v: want a URL of SMTP", e)
		}
		o.endpoints = append(o.endpoints, e)
	}
	return &o, nil
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.dir, "outbox", "", "keep messages in `DIR`, which is created if it does not exist")
	fs.StringVar(&o.from, "from", "", "send as `ADDRESS`")
	fs.StringVar(&o.listen, "listen", "", "take messages by HTTP at `ADDRESS`, as in 127.0.0.1:8025, instead of standard input")
	fs.StringVar(&o.user, "user", "", "log in as `NAME`, at every relay")
	fs.StringVar(&o.passwordFile, "password-file", "", "read the password from `FILE`")
	fs.StringVar(&o.ca, "ca", "", "trust the CA certificates in `FILE` (PEM) instead of the system's")
	fs.StringVar(&o.transcript, "transcript", "", "append the lines of all connections to `FILE`, without passwords and messages")
	fs.IntVar(&o.relay.MaxConns, "conns", 4, "make at most `N` connections to each relay")
	fs.Float64Var(&o.relay.RatePerSecond, "rate", 0, "send at most `N` messages a second through each relay (default no limit)")
	fs.IntVar(&o.box.Workers, "jobs", 32, "send `N` messages at once")
	fs.DurationVar(&o.box.Expire, "expire", 5*24*time.Hour, "give up a message after `TIME`")
	fs.DurationVar(&o.box.RetryDelay, "retry", time.Minute, "wait for `TIME` before the second attempt, and longer before each that follows")
	fs.BoolVar(&o.box.ResendInDoubt, "resend-in-doubt", false, "send again what is in doubt, though it may arrive twice")
	fs.DurationVar(&o.grace, "grace", 10*time.Second, "after a signal, cut short after `TIME` what is being sent")
}

// load reads the files that the flags name, and opens the transcript.
func (o *options) load() error {
	config, err := cli.TLSConfig(o.ca)
	if err != nil {
		return err
	}
	d := &dial.Dialer{TLSConfig: config}
	o.relay.MaxAttempts = 1 // the outbox tries again
	o.relay.RetryDelay = min(o.box.RetryDelay, time.Second)
	o.relay.Options = &smtpconn.Options{Dialer: d}
	o.close = func() error { return nil }
	if o.user != "" {
		text, err := os.ReadFile(o.passwordFile)
		if err != nil {
			return err
		}
		o.relay.Options.Auth = auth.Password{User: o.user, Secret: auth.NewSecret(strings.TrimRight(string(text), "\r\n"))}
	}
	if o.transcript != "" {
		f, err := os.OpenFile(o.transcript, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		d.Transcript, o.close = f, f.Close
	}
	return nil
}
