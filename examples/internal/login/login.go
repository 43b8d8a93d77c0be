// Package login is how programs that read the mail of one account connect to its server: the
// flags, what they must be, and the password.
package login

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/prompt"
	"github.com/mailconn/mailconn/policy"
)

// Login is an account at a server.
type Login struct {
	Endpoint dial.Endpoint // set by Check
	User     string

	passwordFile string
	ca           string
	timeout      time.Duration
	insecure     bool
}

// Define defines the flags.
func (l *Login) Define(fs *flag.FlagSet) {
	fs.StringVar(&l.User, "user", "", "log in as `NAME`")
	fs.StringVar(&l.passwordFile, "password-file", "", "read the password from `FILE`")
	fs.StringVar(&l.ca, "ca", "", "trust the CA certificates in `FILE` (PEM) instead of the system's")
	fs.DurationVar(&l.timeout, "timeout", 30*time.Second, "give up connecting after `TIME`, such as 10s")
	fs.BoolVar(&l.insecure, "insecure-auth", false, "log in even where others can read the password")
}

// Check takes the URL of the server, which must be of one of the protocols. It returns what is
// wrong with that or with a flag.
func (l *Login) Check(url string, protocols ...policy.Protocol) (err error) {
	switch {
	case l.User == "":
		return errors.New("want -user")
	case l.timeout <= 0:
		return errors.New("-timeout must be more than nothing")
	}
	if l.Endpoint, err = dial.ParseEndpoint(url); err != nil {
		return err
	}
	if !slices.Contains(protocols, l.Endpoint.Protocol) {
		var names []string
		for _, p := range protocols {
			names = append(names, p.String())
		}
		return fmt.Errorf("want a URL of %s", strings.Join(names, " or "))
	}
	return nil
}

// Credentials reads the files that the flags name, or asks for the password, and returns how
// to connect and how to log in.
func (l *Login) Credentials(ctx context.Context, stdin io.Reader, stderr io.Writer) (*dial.Dialer, auth.Credentials, error) {
	config, err := cli.TLSConfig(l.ca)
	if err != nil {
		return nil, nil, err
	}
	secret, err := prompt.Password(ctx, l.User, l.passwordFile, stdin, stderr)
	if err != nil {
		return nil, nil, fmt.Errorf("password: %w", err)
	}
	return &dial.Dialer{TLSConfig: config, Timeout: l.timeout},
		auth.Password{User: l.User, Secret: secret, InsecureCleartext: l.insecure, InsecureUnverified: l.insecure}, nil
}
