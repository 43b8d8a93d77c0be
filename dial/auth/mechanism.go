package auth

import (
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/internal/wire"
)

const (
	scramSHA256 = "SCRAM-SHA-256"
	scramSHA1   = "SCRAM-SHA-1"
	plus        = "-PLUS"
	cramName    = "CRAM-MD5"
	apop        = "APOP"
	imapLogin   = "IMAP LOGIN" // as imapconn names it
	userPass    = "USER/PASS"  // as pop3conn does
)

// mechanism is a way to use a password.
type mechanism struct {
	name  string
	weak  bool // used only if it is named
	shows bool // the server gets to see the password
}

// ranking lists what a password can be used by, the strongest first.
var ranking = []mechanism{
	{name: scramSHA256 + plus},
	{name: scramSHA1 + plus, weak: true},
	{name: scramSHA256},
	{name: scramSHA1, weak: true},
	{name: cramName, weak: true},
	{name: apop, weak: true},
	{name: sasl.Plain, shows: true},
	{name: sasl.Login, shows: true},
	{name: imapLogin, shows: true},
	{name: userPass, shows: true},
}

func names(list []mechanism) []string {
	names := make([]string, 0, len(list))
	for _, m := range list {
		names = append(names, m.name)
	}
	return names
}

func (m mechanism) binds() bool { return strings.HasSuffix(m.name, plus) }

func (m mechanism) scram() bool { return strings.HasPrefix(m.name, "SCRAM-") }

// checkNames refuses names of mechanisms that are not known: a list with a
// slip in it would quietly allow less than it seems to.
func checkNames(names, known []string) error {
	for _, n := range names {
		if !namedIn(known, n) {
			return fmt.Errorf("unknown mechanism %q", wire.Printable(n))
		}
	}
	return nil
}

func namedIn(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
