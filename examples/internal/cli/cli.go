// Package cli is what the programs of the examples have in common: flags, help, trust, name
// servers, the name of a file for notes, and an end by Ctrl-C.
package cli

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"

	"github.com/mailconn/mailconn/dial"
)

// The exit status of programs.
const (
	StatusOK     = 0
	StatusFailed = 1
	StatusUsage  = 2 // the command line is wrong
)

// Main runs a program with the arguments of the command line and exits with the status
// that it returns. The context ends with an interrupt.
func Main(run func(ctx context.Context, args []string) (status int)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// Flags returns a set of flags for [Parse].
func Flags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are returned, and help is not among them
	fs.Usage = func() {}
	return fs
}

// Parse parses args. If they ask for help, Parse writes usage and the flags to help, and
// returns flag.ErrHelp.
func Parse(fs *flag.FlagSet, args []string, usage string, help io.Writer) error {
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(help, usage)
		fs.SetOutput(help)
		fs.PrintDefaults()
	}
	return err
}

// Reject writes what is wrong with a command line, and returns the exit status:
// StatusOK for flag.ErrHelp, and else StatusUsage.
func Reject(name string, err error, stderr io.Writer) (status int) {
	if errors.Is(err, flag.ErrHelp) {
		return StatusOK
	}
	fmt.Fprintf(stderr, "%s: %v\n(-h for help)\n", name, err)
	return StatusUsage
}

// Status writes err, if it is not nil, and returns the exit status.
func Status(name string, err error, stderr io.Writer) (status int) {
	if err == nil {
		return StatusOK
	}
	fmt.Fprintf(stderr, "%s: %v\n", name, err)
	return StatusFailed
}

// TLSConfig returns a configuration that trusts the CA certificates in a file (PEM), and nil,
// which stands for the system's, if file is empty.
func TLSConfig(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it (PEM)", file)
	}
	return &tls.Config{RootCAs: roots}, nil
}

// NameServer returns the address of a name server that a person has named, as IP or IP:PORT.
func NameServer(text string) (netip.AddrPort, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(ip, 53), nil
	}
	return netip.ParseAddrPort(text)
}

// NoteName returns the name of the file in which a program keeps note of an account from run
// to run: another for each host, port and user, as they are written, since servers may give
// different messages the same identifiers.
func NoteName(prefix string, server dial.Endpoint, user string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", server.Address(), user))
	return fmt.Sprintf("%s-%x", prefix, sum[:8])
}

// Hinted adds what a person can do about an error of a program that has the flag -ca.
func Hinted(err error) error {
	var failed *dial.Error
	if !errors.As(err, &failed) || failed.Hint() == "" {
		return err
	}
	hint := failed.Hint()
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		hint += " If you trust the CA that issued it, name the CA's certificate with -ca FILE."
	}
	return fmt.Errorf("%w\nhint: %s", err, hint)
}
