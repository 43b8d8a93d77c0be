package dialtest

import (
	"crypto/tls"
	"errors"
	"slices"
	"strings"

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

	// Greeting replaces the usual greeting; it is one line without its CRLF.
	// The usual one of an IMAP server carries its capabilities. After an IMAP
	// PREAUTH the client counts as logged in. A greeting that turns the client
	// away ends the connection.
	Greeting string

	// User and Password are what a login must present. Empty means "user" and
	// "secret".
	User, Password string

	// Mechanisms are the SASL mechanisms to list wherever a login is allowed.
	// nil means PLAIN. The server can do PLAIN and LOGIN, with and without an
	// initial response, and refuses any other.
	Mechanisms []string

	// LoginInClear means that logins are listed and accepted without TLS too.
	LoginInClear bool

	// Mailbox holds the messages of a POP3 server, lines ending in CRLF. A
	// missing last CRLF is added.
	Mailbox []string
}

// complete returns a copy with the defaults filled in, which shares nothing
// that the server changes.
func (c Config) complete() (Config, error) {
	switch {
	case !c.Protocol.Valid():
		return c, errors.New("dialtest: no protocol")
	case strings.ContainsAny(c.Greeting, "\r\n"):
		return c, errors.New("dialtest: greeting is more than a line")
	}
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
	var err error
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
		cfg.NextProtos = alpn(c.Protocol)
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

// alpn returns the protocol's registered id. There is none for SMTP.
func alpn(p policy.Protocol) []string {
	switch p {
	case policy.IMAP:
		return []string{"imap"}
	case policy.POP3:
		return []string{"pop3"}
	}
	return nil
}
