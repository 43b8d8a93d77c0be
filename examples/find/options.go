package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/examples/internal/cli"
)

const usage = `find shows which servers a mail address has, and who says so.

usage: find [flags] ADDRESS

The domain of the address is asked: by PACC, SRV records, autoconfig over HTTPS,
and last by trying conventional names under it. With -table a public table of
providers is asked as well; it learns the domain.

The exit status is 0 if the domain vouches for a server to read from and one to
send by, 1 if not, and 2 if the command line is wrong.

flags:
`

// parse reads the command line into o, and returns the address.
func parse(o *discover.Options, args []string, help io.Writer) (address string, err error) {
	var server string
	var trustAD bool
	fs := cli.Flags("find")
	fs.StringVar(&o.ISPDB, "table", o.ISPDB, "ask the public table of providers at `URL`, such as https://v1.ispdb.net/")
	fs.BoolVar(&o.TellAddress, "tell-address", false, "tell the whole address to autoconfig at its domain")
	fs.StringVar(&server, "resolver", "", "ask the name server at `IP` or IP:PORT instead of those of resolv.conf")
	fs.BoolVar(&trustAD, "trust-ad", false, "believe the name servers when they say that DNSSEC signatures are valid")
	fs.DurationVar(&o.Timeout, "timeout", 5*time.Second, "give each source `TIME`")
	err = cli.Parse(fs, args, usage, help)
	switch {
	case err != nil:
		return "", err
	case fs.NArg() != 1:
		return "", errors.New("want one address after the flags")
	case o.Timeout <= 0:
		return "", errors.New("-timeout must be more than nothing")
	}
	if o.Resolver == nil {
		o.Resolver = new(dns.Resolver)
	}
	if server != "" {
		at, err := cli.NameServer(server)
		if err != nil {
			return "", fmt.Errorf("-resolver: %w", err)
		}
		o.Resolver.Servers = []netip.AddrPort{at}
	}
	o.Resolver.TrustAD = o.Resolver.TrustAD || trustAD
	return fs.Arg(0), nil
}
