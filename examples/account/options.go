package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/examples/internal/cli"
)

const usage = `account sets up a mail account, and writes an account file.

usage: account [flags] ADDRESS
       account [flags] -check FILE

The servers of the address are found, and a person is asked about those for which the
domain does not vouch. Then it signs in: with a password, or by OAuth if the provider wants
that and -apps has the program's registration with it. With -check the account of a
file is used once more.

The account file has no secrets in it. Tokens of OAuth are kept in the directory that
-tokens names. Passwords are not kept.

The exit status is 1 if the account does not work, and 2 if the command line is wrong.

flags:
`

// options are what the command line says.
type options struct {
	address      string
	file         string // of the account
	check        bool
	apps         []oauth.App
	issuer       string
	browser      bool
	tokens       string
	passwordFile string
}

// parse reads the command line, and adds what is about the network to find.
func parse(find *discover.Options, args []string, help io.Writer) (*options, error) {
	var o options
	var resolver, ca, apps string
	var trustAD, loopback bool
	fs := cli.Flags("account")
	fs.StringVar(&o.file, "o", "account.json", "write the account to `FILE`")
	fs.BoolVar(&o.check, "check", false, "use the account of the file once more")
	fs.StringVar(&apps, "apps", "", "read from `FILE` how the program is registered: a list in JSON, as of oauth.App")
	fs.StringVar(&o.issuer, "issuer", "", "sign in at the OAuth issuer `URL`, if the domain names none")
	fs.BoolVar(&o.browser, "browser", false, "sign in with a browser on this computer, and not on another device, if the provider has both")
	fs.StringVar(&o.tokens, "tokens", "tokens", "keep the tokens of OAuth in `DIRECTORY`")
	fs.StringVar(&o.passwordFile, "password-file", "", "read the password from `FILE`")
	fs.StringVar(&find.ISPDB, "table", find.ISPDB, "ask the public table of providers at `URL`, such as https://v1.ispdb.net/")
	fs.StringVar(&resolver, "resolver", "", "ask the name server at `IP` or IP:PORT instead of those of resolv.conf")
	fs.BoolVar(&trustAD, "trust-ad", false, "believe the name servers when they say that DNSSEC signatures are valid")
	fs.StringVar(&ca, "ca", "", "trust the CA certificates in `FILE` (PEM) instead of the system's")
	fs.BoolVar(&loopback, "loopback", false, "connect to servers on this computer, too")
	err := cli.Parse(fs, args, usage, help)
	switch {
	case err != nil:
		return nil, err
	case fs.NArg() != 1:
		return nil, errors.New("want one address, or one file with -check, after the flags")
	}
	if o.address = fs.Arg(0); o.check {
		o.file = o.address
	}
	if loopback {
		find.Permit = func(netip.Addr) error { return nil }
	}
	if apps != "" {
		if o.apps, err = readApps(apps); err != nil {
			return nil, err
		}
	}
	return &o, errors.Join(setResolver(find, resolver, trustAD), setRoots(find, ca))
}

func setResolver(find *discover.Options, server string, trustAD bool) error {
	if find.Resolver == nil {
		find.Resolver = new(dns.Resolver)
	}
	find.Resolver.TrustAD = find.Resolver.TrustAD || trustAD
	if server == "" {
		return nil
	}
	at, err := cli.NameServer(server)
	if err != nil {
		return fmt.Errorf("-resolver: %w", err)
	}
	find.Resolver.Servers = []netip.AddrPort{at}
	return nil
}

func setRoots(find *discover.Options, file string) error {
	trust, err := cli.TLSConfig(file)
	if trust == nil {
		return err
	}
	find.Dialer, find.Transport = &dial.Dialer{TLSConfig: trust}, &http.Transport{TLSClientConfig: trust}
	return nil
}

func readApps(file string) (apps []oauth.App, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &apps); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return apps, nil
}
