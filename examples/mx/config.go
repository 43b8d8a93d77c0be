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
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// options are what the command line says.
type options struct {
	command    string
	args       []string
	from       string
	requireTLS bool
	config     mx.Config
}

func parse(args []string, stdout io.Writer) (*options, error) {
	o := &options{}
	o.config.Rules = map[string]mx.Rule{}
	flags := flag.NewFlagSet("mx", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.from, "from", "", "sender of the message; none is a bounce's")
	flags.BoolVar(&o.requireTLS, "requiretls", false, "deliver with REQUIRETLS (RFC 8689), or not at all")
	flags.Func("rule", "DOMAIN=LEVEL[,NAME...], may be repeated; .DOMAIN for all below it, no DOMAIN for the rest", o.rule)
	flags.Func("resolver", "ADDRESS:PORT of a validating resolver; else that of resolv.conf", func(s string) error {
		addr, err := netip.ParseAddrPort(s)
		o.config.Resolver = &dns.Resolver{Servers: []netip.AddrPort{addr}}
		return err
	})
	flags.Func("policies", "directory for MTA-STS policies, which must exist", func(s string) error {
		o.config.Policies = mx.PolicyDir(s)
		return nil
	})
	name := flags.String("name", "", "name of this host in EHLO")
	usage := func() {
		fmt.Fprintln(stdout, "usage: mx look [flags] DOMAIN...\n       mx send [flags] RECIPIENT... < message\n       mx demo")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
	}
	if len(args) == 0 {
		return nil, errors.New("want look, send or demo")
	}
	o.command = args[0]
	if err := flags.Parse(args[1:]); err != nil || o.command == "-h" || o.command == "help" {
		if err == nil || errors.Is(err, flag.ErrHelp) {
			usage()
			return nil, flag.ErrHelp
		}
		return nil, err
	}
	o.args, o.config.Dialer = flags.Args(), &dial.Dialer{LocalName: *name}
	switch {
	case o.command == "demo":
	case o.command != "look" && o.command != "send":
		return nil, errors.New("want look, send or demo")
	case len(o.args) == 0:
		return nil, errors.New("for whom?")
	}
	return o, nil
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
