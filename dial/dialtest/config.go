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

// Config says what a [Server] is like. Every field but Protocol may be left
// at its zero value.
type Config struct {
	// Protocol must be set. A server for Submission demands a login before
	// MAIL, one for SMTP does not.
	Protocol policy.Protocol

	// CA issues the server's certificate, of the kind Cert. nil means a new CA.
	CA   *CA
	Cert CertKind

	// TLS holds further settings to start from, such as versions, ClientAuth
	// and NextProtos. It is cloned. If it brings certificates, they are used
	// instead of Cert. If it asks for client certificates, the CA's are
	// accepted unless ClientCAs is set, and no session tickets are issued:
	// they would be written at a moment when the client may be writing too.
	TLS *tls.Config

	// Implicit means TLS from the first byte.
	Implicit bool

	// NoSTARTTLS means that the upgrade is neither listed nor accepted.
	NoSTARTTLS bool

	// Unix is the path of a Unix socket to listen on, instead of a port.
	Unix string

	// Greeting replaces the usual greeting; it is one line without its CRLF.
	// The usual one of an IMAP server carries its capabilities. After an IMAP
	// PREAUTH the client counts as logged in. A greeting that turns the client
	// away ends the connection.
	Greeting string

	// User and Password are what a login must present. Empty means "user" and
	// "secret".
	User, Password string

	// Accept, if set, judges the name and the password, or token, of a login in place
	// of User and Password. Those of CRAM-MD5 and SCRAM never arrive: such a login
	// must know Password first. Connections call it at the same time.
	Accept func(user, password string) bool

	// Mechanisms are the SASL mechanisms to list wherever a login is allowed.
	// nil means PLAIN. The server can do PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1 and
	// SCRAM-SHA-256, these also with -PLUS (tls-exporter), and XOAUTH2 and
	// OAUTHBEARER, to which Password is the token; it refuses any other.
	Mechanisms []string

	// LoginInClear means that logins are listed and accepted without TLS too.
	LoginInClear bool

	// Without lists extensions that the server does not have: it neither lists nor
	// understands them. By default it has all that it knows, which are
	//
	//	IMAP  IDLE, NAMESPACE, UNSELECT, UIDPLUS, MOVE, ENABLE, ID, ESEARCH, SPECIAL-USE,
	//	      LIST-STATUS, CONDSTORE, QRESYNC, LITERAL+, MULTIAPPEND, STATUS=SIZE,
	//	      COMPRESS=DEFLATE, SASL-IR, STARTTLS
	//	SMTP  PIPELINING, CHUNKING, 8BITMIME, BINARYMIME, SMTPUTF8, SIZE, DSN,
	//	      ENHANCEDSTATUSCODES, REQUIRETLS (inside TLS), STARTTLS, AUTH
	//	POP3  TOP, UIDL, RESP-CODES, AUTH-RESP-CODE, PIPELINING, STLS, USER, SASL
	//
	// What needs one of them goes with it: QRESYNC with CONDSTORE and ENABLE,
	// BINARYMIME with CHUNKING, AUTH-RESP-CODE with RESP-CODES. Any other word is an
	// error.
	Without []string

	// MaxSize is the size in bytes of the largest message that the server
	// takes. Zero means any.
	MaxSize int64

	// Store is the mail that is read by IMAP and POP3. Several servers may
	// share one; what an SMTP server with a store takes is delivered to its
	// INBOX. nil means a new one for IMAP and POP3, and none for SMTP.
	Store *mailstore.Store

	// Mailbox holds messages that are delivered to the INBOX of Store first.
	Mailbox []string

	// Rules say what the server does otherwise. [Server.Order] adds to them. One that
	// cannot be meant is an error.
	Rules []Rule

	// NoListener means that the server has no port: [Server.Pipe], PipeDialer and
	// Serve lead to it. Such a server can be made inside a bubble of package
	// testing/synctest.
	NoListener bool

	// NoRecords means that what clients send is not kept: Sessions, Commands and
	// Messages return nothing. It is for tests that send very much.
	NoRecords bool
}

// complete returns a copy with the defaults filled in, which shares nothing
// that the server changes.
func (c Config) complete() (Config, error) {
	switch {
	case !c.Protocol.Valid():
		return c, errors.New("dialtest: no protocol")
	case strings.ContainsAny(c.Greeting, "\r\n"):
		return c, errors.New("dialtest: greeting is more than a line")
	case c.NoListener && c.Unix != "":
		return c, errors.New("dialtest: both NoListener and Unix")
	}
	var err error
	if c.Without, err = without(c.Protocol, c.Without); err != nil {
		return c, err
	}
	if err = checkRules(c.Protocol, c.Rules); err != nil {
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
