package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/internal/wire"
)

// Error is a question that was not answered. Nothing is known of the name then,
// not even that it does not exist.
type Error struct {
	Name string          // as it was asked for
	Type dnsmessage.Type // of the records that were asked for
	// Server is the one that was asked last. It is not valid if none was asked.
	Server netip.AddrPort
	// RCode is the failure that Server has answered with, RCodeSuccess if its
	// answer made no sense or there was none.
	RCode dnsmessage.RCode
	// Err is the cause. If the context of the call ended, its error is in the
	// chain; if a server's time was over, context.DeadlineExceeded.
	Err error

	answered bool // the server has spoken: it would say the same again
}

// Error returns the question, the server and the cause, printable and in at most
// 512 bytes.
func (e *Error) Error() string {
	at := ""
	if e.Server.IsValid() {
		at = " at " + e.Server.String()
	}
	return wire.Printable(fmt.Sprintf("dns: %s %s%s: %v", typeName(e.Type), e.Name, at, e.Err))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same question may be answered later. It is
// false only for a call that cannot be carried out: a name or a server that is
// none, no servers.
func (e *Error) Temporary() bool {
	var fault *wire.Fault
	return !errors.As(e.Err, &fault)
}

// typeName returns a record type's name, as in "MX"; one without a name in package
// dnsmessage is a number (RFC 3597 §5).
func typeName(t dnsmessage.Type) string {
	if t == TypeTLSA {
		return "TLSA"
	}
	name, named := strings.CutPrefix(t.String(), "Type")
	if !named {
		return "TYPE" + name
	}
	return name
}

// failure says what a response code means.
func failure(c dnsmessage.RCode) error {
	switch c {
	case dnsmessage.RCodeServerFailure:
		return errors.New("SERVFAIL: the server could not find out, or found signatures that are not valid")
	case dnsmessage.RCodeRefused:
		return errors.New("REFUSED: the server does not answer this client, or this question")
	case dnsmessage.RCodeFormatError:
		return errors.New("FORMERR: the server does not understand the question")
	case dnsmessage.RCodeNotImplemented:
		return errors.New("NOTIMP: the server does not answer such questions")
	}
	return fmt.Errorf("the server answered with response code %d", c)
}
