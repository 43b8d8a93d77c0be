package main

import (
	"errors"
	"flag"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/examples/check/internal/findings"
	"github.com/mailconn/mailconn/examples/internal/accountfile"
	"github.com/mailconn/mailconn/examples/internal/cli"
)

const usage = `check shows how a mail server is protected, what is wrong, and what to do about it.

usage: check [flags] ADDRESS       looks at the servers of joe@example.org
       check [flags] URL...        looks at servers, as imaps://mail.example.org
       check [flags] -account FILE looks at those of an account of examples/account
       check [flags] -demo         looks at servers of its own, honest and hostile
       check [flags] -from FILE    shows again what -json has written

The URL says protocol, host and perhaps port:

  imaps://  pop3s://  submissions://  smtps://   a port with TLS from the first byte
  imap://   pop3://   submission://   smtp://    a port with STARTTLS

The exit status is 0 if all is as it should be; 1 if there are findings, also if something
could not be looked at besides; 2 if the only findings are that something could not be
looked at, or if the command line is wrong or a file cannot be read or written. Build check
first (go build ./examples/check): go run always exits 1 where check exits 1 or 2.

flags:
`

// options are what the command line says.
type options struct {
	endpoints    []dial.Endpoint
	address      string            // of mail
	find         *discover.Options // how to ask about it
	yes          bool              // look at servers, too, that a person has to agree to
	pins         []dial.Pin
	demo, json   bool
	transcript   bool
	long         bool
	from, html   string
	user         string
	passwordFile string
	ca           string
	days         int
	anew         bool // days is not the default
	expect       []string
	timeout      time.Duration // of a connection
	total        time.Duration
}

// parse reads the command line. find is where the network is; flags are added to it.
func parse(args []string, find *discover.Options, help io.Writer) (*options, error) {
	if find.Resolver == nil {
		find.Resolver = new(dns.Resolver)
	}
	o := &options{find: find}
	fs := cli.Flags("check")
	fs.BoolVar(&o.demo, "demo", false, "look at servers in this process, each with one thing wrong")
	fs.BoolVar(&o.json, "json", false, "write JSON")
	fs.BoolVar(&o.long, "long", false, "write all that is known of each server, also if there are many")
	fs.BoolVar(&o.transcript, "transcript", false, "keep what both sides say in the JSON, without secrets; the page always has it")
	fs.StringVar(&o.html, "html", "", "write a page to `FILE` as well")
	fs.StringVar(&o.from, "from", "", "show what is in `FILE`, which -json has written; -days and -expect judge it anew")
	fs.StringVar(&o.user, "user", "", "log in as `NAME` where the server is verified")
	fs.StringVar(&o.passwordFile, "password-file", "", "read the password from `FILE` instead of asking for it")
	fs.StringVar(&o.ca, "ca", "", "trust the authorities in `FILE` (PEM) instead of the system's")
	fs.IntVar(&o.days, "days", 21, "warn `N` days before a certificate expires")
	fs.Func("expect", "expect `WORDS` of each server or of the domain, with commas: "+strings.Join(findings.Expectations(), " "), o.expects)
	fs.DurationVar(&o.timeout, "timeout", 10*time.Second, "give each connection `TIME`")
	fs.DurationVar(&o.total, "total", time.Minute, "give all of it `TIME`")
	fs.BoolVar(&o.yes, "yes", false, "look at servers, too, that only unsigned DNS or a table names: you have asked whether they are right")
	fs.Func("resolver", "ask the name server at `IP` or IP:PORT instead of those of resolv.conf", o.resolver)
	fs.BoolVar(&o.find.Resolver.TrustAD, "trust-ad", false, "believe the name servers when they say that DNSSEC signatures are valid")
	account := fs.String("account", "", "look at the servers in `FILE`, and log in as its user")
	if err := cli.Parse(fs, args, usage, help); err != nil {
		return nil, err
	}
	fs.Visit(func(f *flag.Flag) { o.anew = o.anew || f.Name == "days" })
	err := o.check(fs.Args(), *account)
	if err == nil && o.address == "" && !o.demo && o.from == "" {
		err = findings.CheckDomain(o.expect)
	}
	return o, err
}

// check fills in what the arguments after the flags say.
func (o *options) check(args []string, account string) (err error) {
	switch {
	case o.timeout <= 0 || o.total <= 0:
		return errors.New("-timeout and -total must be more than nothing")
	case o.passwordFile != "" && o.user == "" && account == "":
		return errors.New("-password-file without -user")
	case !one(o.demo, o.from != "", account != "", len(args) > 0):
		return errors.New("want an address or URLs after the flags, or -account, or -demo, or -from")
	case account != "" && o.user != "":
		return errors.New("-account has a user: want no -user")
	case account != "":
		return o.useAccount(account)
	}
	if len(args) == 1 && strings.Contains(args[0], "@") && !strings.Contains(args[0], "://") {
		o.address = args[0]
		return nil
	}
	for _, arg := range args {
		e, err := dial.ParseEndpoint(arg)
		if err != nil {
			return err
		}
		o.endpoints = append(o.endpoints, e)
	}
	return nil
}

// one reports whether exactly one of the ways to say what to look at is taken.
func one(ways ...bool) bool {
	taken := 0
	for _, way := range ways {
		if way {
			taken++
		}
	}
	return taken == 1
}

// expects takes the words of -expect.
func (o *options) expects(words string) error {
	o.expect = append(o.expect, strings.Split(words, ",")...)
	return findings.CheckExpectations(o.expect)
}

// resolver takes the address of -resolver.
func (o *options) resolver(text string) error {
	at, err := cli.NameServer(text)
	o.find.Resolver.Servers = []netip.AddrPort{at}
	return err
}

// useAccount takes what an account file says.
func (o *options) useAccount(file string) error {
	a, err := accountfile.Load(file)
	if err != nil {
		return err
	}
	o.endpoints, o.pins = []dial.Endpoint{a.Read, a.Send}, a.Pins
	if a.Issuer == "" { // otherwise it has no password
		o.user = a.User
	}
	return nil
}
