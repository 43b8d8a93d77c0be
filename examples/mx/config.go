package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// options are what the command line says.
type options struct {
	command    string
	args       []string
	from       string
	requireTLS bool
	config     mx.Config
	attempts   []mx.Session // what was tried, with the evidence
}

// errCommand is the error for a command that is not one.
var errCommand = errors.New("want look, send or demo")

func parse(args []string, stdout io.Writer) (*options, error) {
	o := &options{config: mx.Config{Rules: map[string]mx.Rule{}, Dialer: &dial.Dialer{}, Resolver: &dns.Resolver{}}}
	o.config.Session = o.tried
	flags := o.flags()
	if len(args) == 0 {
		return nil, errCommand
	}
	o.command = args[0]
	err := flags.Parse(args[1:])
	if o.command == "-h" || o.command == "help" {
		err = flag.ErrHelp
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, "usage: mx look [flags] DOMAIN...\n       mx send [flags] RECIPIENT... < message\n       mx demo")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
	}
	o.args = flags.Args()
	switch {
	case err != nil:
		return nil, err
	case o.command != "look" && o.command != "send" && o.command != "demo":
		return nil, errCommand
	case len(o.args) == 0 && o.command != "demo":
		return nil, errors.New("for whom?")
	}
	return o, nil
}

// tried keeps the evidence of an attempt.
func (o *options) tried(s mx.Session) { o.attempts = append(o.attempts, s) }

// flags returns the flags that set o.
func (o *options) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("mx", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.from, "from", "", "sender of the message; none is a bounce's")
	flags.BoolVar(&o.requireTLS, "requiretls", false, "deliver with REQUIRETLS (RFC 8689), or not at all")
	flags.Func("rule", "DOMAIN=LEVEL[,NAME...], may be repeated; .DOMAIN for all below it, no DOMAIN for the rest", o.rule)
	flags.Func("resolver", "ask the name server at `IP` or IP:PORT instead of those of resolv.conf; one on loopback is believed to validate", func(s string) error {
		at, err := cli.NameServer(s)
		o.config.Resolver.Servers = []netip.AddrPort{at}
		return err
	})
	flags.BoolVar(&o.config.Resolver.TrustAD, "trust-ad", false, "believe the name servers when they say that DNSSEC signatures are valid")
	flags.Func("policies", "directory for MTA-STS policies, which must exist", func(s string) error {
		o.config.Policies = mx.PolicyDir(s)
		return nil
	})
	flags.StringVar(&o.config.Dialer.LocalName, "name", "", "name of this host in EHLO")
	return flags
}

// rule reads a rule such as "bank.example=secure,mail.bank.example".
func (o *options) rule(s string) error {
	domain, rest, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("want DOMAIN=LEVEL")
	}
	level, names, _ := strings.Cut(rest, ",")
	var r mx.Rule
	if err := r.Level.UnmarshalText([]byte(level)); err != nil {
		return err
	}
	if names != "" {
		r.Names = strings.Split(names, ",")
	}
	o.config.Rules[domain] = r
	return nil
}
