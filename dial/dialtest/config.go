package dialtest

import (
	"crypto/tls"
	"errors"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/policy"
)

// Config is the configuration of a [Server]. Every field but Protocol may be left at its
// zero value.
type Config struct {
	// Protocol must be set. A server for Submission demands a login before
	// MAIL, one for SMTP does not.
	Protocol policy.Protocol

	// CA issues the server's certificate, of the kind Cert. nil means a new CA.
	CA   *CA
	Cert CertKind

	// TLS has further settings, such as versions, ClientAuth and NextProtos. It is
	// cloned. If it has certificates, they are used instead of Cert. If it asks for
	// client certificates, those of the CA are accepted unless ClientCAs is set, and no
	// session tickets are issued, since the server would write them while the client
	// may be writing too.
	TLS *tls.Config

	// Implicit means TLS from the first byte.
	Implicit bool

	// NoSTARTTLS means that the upgrade is neither listed nor accepted.
	NoSTARTTLS bool

	// Unix is the path of a Unix socket to listen on, instead of a port.
	Unix string

	// Greeting replaces the usual greeting. It is one line without its CRLF. The usual
	// greeting of an IMAP server has its capabilities. After PREAUTH (IMAP) the client
	// is logged in. After a refusal the server ends the connection.
	Greeting string

	// User and Password are those of the account. Empty means "user" and "secret".
	User, Password string

	// Accept, if set, decides whether the name and the password, or token, of a login are
	// right, in place of User and Password. With CRAM-MD5 and SCRAM, which do not send
	// the password, the client must also know Password. It is called by several
	// goroutines at once.
	Accept func(user, password string) bool

	// Mechanisms are the SASL mechanisms to list wherever a login is allowed.
	// nil means PLAIN. The server can do PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1 and
	// SCRAM-SHA-256, these also with -PLUS (tls-exporter), and XOAUTH2 and
	// OAUTHBEARER, to which Password is the token; it refuses any other.
	Mechanisms []string

	// LoginInClear means that logins are listed and accepted without TLS too.
	LoginInClear bool

	// Without has the extensions that the server neither lists nor understands. By
	// default it has all of these:
	//
	//	IMAP  IDLE, NAMESPACE, UNSELECT, UIDPLUS, MOVE, ENABLE, ID, ESEARCH, SPECIAL-USE,
	//	      LIST-STATUS, CONDSTORE, QRESYNC, LITERAL+, MULTIAPPEND, STATUS=SIZE,
	//	      COMPRESS=DEFLATE, SASL-IR, STARTTLS
	//	SMTP  PIPELINING, CHUNKING, 8BITMIME, BINARYMIME, SMTPUTF8, SIZE, DSN,
	//	      ENHANCEDSTATUSCODES, REQUIRETLS (inside TLS), STARTTLS, AUTH
	//	POP3  TOP, UIDL, RESP-CODES, AUTH-RESP-CODE, PIPELINING, STLS, USER, SASL
	//
	// Without an extension the server lacks those that need it, too: QRESYNC needs
	// CONDSTORE and ENABLE, BINARYMIME needs CHUNKING, AUTH-RESP-CODE needs RESP-CODES.
	// Any other word is an error.
	Without []string

	// MaxSize is the size in bytes of the largest message that the server
	// takes. Zero means any.
	MaxSize int64

	// Store has the mail that clients read by IMAP and POP3. Several servers may share
	// one. An SMTP server with a store delivers what it accepts to its INBOX. nil means
	// a new store for IMAP and POP3, and none for SMTP.
	Store *mailstore.Store

	// Mailbox holds messages that are delivered to the INBOX of Store first.
	Mailbox []string

	// Rules say when the server does not do as the standards say. [Server.Order] adds
	// more. A rule for a moment that does not exist is an error.
	Rules []Rule

	// NoListener means that the server does not listen: it is reached by [Server.Pipe],
	// PipeDialer and Serve. Such a server can be made inside a bubble of package
	// testing/synctest.
	NoListener bool

	// NoRecords means that the server does not record what clients send: Sessions,
	// Commands and Messages return nothing. It is for tests that send a lot.
	NoRecords bool
}

// check returns an error if a field is not valid, apart from Without.
func (c Config) check() error {
	switch {
	case !c.Protocol.Valid():
		return errors.New("dialtest: no protocol")
	case strings.ContainsAny(c.Greeting, "\r\n"):
		return errors.New("dialtest: greeting is more than a line")
	case c.NoListener && c.Unix != "":
		return errors.New("dialtest: both NoListener and Unix")
	}
	return checkRules(c.Protocol, c.Rules)
}

// complete returns a copy with the defaults filled in, which shares nothing
// that the server changes.
func (c Config) complete() (Config, error) {
	err := c.check()
	if err == nil {
		c.Without, err = without(c.Protocol, c.Without)
	}
	if err != nil {
		return c, err
	}
	c.NoSTARTTLS = c.NoSTARTTLS || slices.Contains(c.Without, "STARTTLS") || slices.Contains(c.Without, "STLS")
	if c.User == "" {
		c.User = "user"
	}
	if c.Password == "" {
		c.Password = "secret"
	}
	if c.Mechanisms == nil {
		c.Mechanisms = []string{"PLAIN"}
	}
	c.Mechanisms = slices.Clone(c.Mechanisms)
	if reads := c.Protocol == policy.IMAP || c.Protocol == policy.POP3; c.Store == nil && (reads || len(c.Mailbox) > 0) {
		c.Store = mailstore.New()
	}
	if len(c.Mailbox) > 0 {
		c.Store.Inbox().Deliver(c.Mailbox...)
	}
	if c.CA == nil {
		if c.CA, err = NewCA(); err != nil {
			return c, err
		}
	}
	c.TLS, err = c.serverConfig()
	return c, err
}

func (c Config) serverConfig() (*tls.Config, error) {
	cfg := &tls.Config{}
	if c.TLS != nil {
		cfg = c.TLS.Clone()
	}
	if cfg.NextProtos == nil {
		cfg.NextProtos = serve.ALPN(c.Protocol)
	}
	if cfg.ClientAuth != tls.NoClientCert {
		cfg.SessionTicketsDisabled = true
		if cfg.ClientCAs == nil {
			cfg.ClientCAs = c.CA.Pool()
		}
	}
	if len(cfg.Certificates) > 0 || cfg.GetCertificate != nil || cfg.GetConfigForClient != nil {
		return cfg, nil
	}
	cert, err := c.CA.Certificate(c.Cert)
	cfg.Certificates = []tls.Certificate{cert}
	return cfg, err
}
