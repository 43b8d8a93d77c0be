package upgrade

import (
	"github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// greeting is what the server said first.
type greeting struct {
	text         string
	capabilities []string // nil if it did not say
	preauth      bool
}

// dialect is how a protocol says what an upgrade consists of. Errors are
// violations, ends of the connection or I/O errors, and always final.
type dialect interface {
	greet() (greeting, error)
	// capabilities asks for the list: Offered or NotOffered with one,
	// NoExtensions or ListRefused with the server's reply.
	capabilities() (list []string, e Event, reply string, err error)
	// starttls demands the upgrade.
	starttls() (accepted bool, reply string, err error)
	// stay does what the protocol wants of a client that goes on in the clear,
	// and returns the list that it goes on with, nil if unknown.
	stay(list []string) ([]string, error)
	// check looks at what a session begins with: the list, and that nothing
	// waits that answers no command.
	check(list []string) error
}

func newDialect(p policy.Protocol, l *wire.Lines, localName func() string) dialect {
	switch p {
	case policy.IMAP:
		return imapDialect{imap.New(l)}
	case policy.POP3:
		return pop3Dialect{l}
	}
	return smtpDialect{l, localName}
}

type imapDialect struct{ c *imap.Conn }

func (d imapDialect) greet() (greeting, error) {
	r, err := d.c.Greeting()
	if err != nil {
		return greeting{}, err
	}
	g := greeting{text: r.Line, capabilities: r.Capabilities(), preauth: r.Status == "PREAUTH"}
	return g, nil
}

func (d imapDialect) capabilities() ([]string, Event, string, error) {
	list, err := d.c.Capability()
	if err != nil {
		return nil, 0, "", err
	}
	return list, listed(list), "", nil
}

// starttls sends STARTTLS (RFC 9051 §6.2.1). Capabilities in the OK are
// forgotten like everything else from before TLS.
func (d imapDialect) starttls() (bool, string, error) {
	r, err := d.c.Command("STARTTLS")
	return r.Status == "OK", r.Line, err
}

func (d imapDialect) stay(list []string) ([]string, error) { return list, nil }

func (d imapDialect) check(list []string) error {
	if list == nil {
		return nil
	}
	return imap.Speaks(list)
}

type pop3Dialect struct{ l *wire.Lines }

func (d pop3Dialect) greet() (greeting, error) {
	r, err := pop3.Greeting(d.l)
	return greeting{text: r.Text}, err
}

// capabilities asks CAPA. A plain -ERR means a server older than RFC 2449; one
// that says the server is in trouble does not.
func (d pop3Dialect) capabilities() ([]string, Event, string, error) {
	list, r, err := pop3.Capa(d.l)
	switch {
	case err != nil:
		return nil, 0, "", err
	case r.OK:
		return list, listed(list), "", nil
	case inTrouble(r.Code()):
		return nil, 0, "", wire.Violation(policy.ErrRefused, r.String())
	}
	return nil, NoExtensions, r.String(), nil
}

func inTrouble(code string) bool {
	return code == "IN-USE" || len(code) >= 4 && code[:4] == "SYS/"
}

// starttls sends STLS (RFC 2595 §4).
func (d pop3Dialect) starttls() (bool, string, error) {
	r, err := pop3.Command(d.l, "STLS")
	return r.OK, r.String(), err
}

func (d pop3Dialect) stay(list []string) ([]string, error) { return list, nil }

func (d pop3Dialect) check([]string) error { return d.l.Quiet() }

type smtpDialect struct {
	l    *wire.Lines
	name func() string
}

func (d smtpDialect) greet() (greeting, error) {
	r, err := smtp.Greeting(d.l)
	if err != nil {
		return greeting{}, err
	}
	return greeting{text: r.String()}, nil
}

// capabilities says EHLO. 4yz is an error of the moment.
func (d smtpDialect) capabilities() ([]string, Event, string, error) {
	r, err := smtp.Command(d.l, "EHLO "+d.name())
	switch {
	case err != nil:
		return nil, 0, "", err
	case r.Code == 250:
		list := smtp.Keywords(r)
		return list, listed(list), "", nil
	case r.Code == 500 || r.Code == 502 || r.Code == 504:
		return nil, NoExtensions, r.String(), nil
	case r.Code >= 500:
		return nil, ListRefused, r.String(), nil
	case r.Refused():
		return nil, 0, "", wire.Violation(policy.ErrRefused, r.String())
	}
	return nil, 0, "", wire.Violation(policy.ErrMalformed, r.String())
}

// starttls sends STARTTLS (RFC 3207 §4). Only 220 accepts; a reply that neither
// accepts nor refuses is malformed.
func (d smtpDialect) starttls() (bool, string, error) {
	r, err := smtp.Command(d.l, "STARTTLS")
	switch {
	case err != nil:
		return false, "", err
	case r.Code == 220 || r.Refused():
		return r.Code == 220, r.String(), nil
	}
	return false, "", wire.Violation(policy.ErrMalformed, r.String())
}

// stay says HELO to a server that does not know EHLO. The list is known then:
// it is empty.
func (d smtpDialect) stay(list []string) ([]string, error) {
	if list != nil {
		return list, nil
	}
	r, err := smtp.Command(d.l, "HELO "+d.name())
	switch {
	case err != nil:
		return nil, err
	case r.Code == 250:
		return []string{}, nil
	case r.Refused():
		return nil, wire.Violation(policy.ErrRefused, r.String())
	}
	return nil, wire.Violation(policy.ErrMalformed, r.String())
}

func (d smtpDialect) check([]string) error { return smtp.Quiet(d.l) }
