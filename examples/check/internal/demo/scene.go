package demo

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// scene is one server, and what is wrong with it.
type scene struct {
	endpoint dial.Endpoint
	about    string

	gone   bool // nothing listens
	attack dialtest.Attack
	server func(*dialtest.Config)
	cert   certificate
	login  bool // the look logs in
	pinned bool // the person has agreed to another key than the server's
	hurry  bool // the look does not wait long, as no answer will come
}

// certificate says how that of a scene differs from a good one.
type certificate struct {
	change  func(*x509.Certificate)
	issuer  func(*World) *authority // nil is the demo's intermediate authority
	partial bool                    // the chain is not sent
	self    bool                    // its own key signs it
	weak    bool                    // its key is too short
}

// certificate returns the one that the server shows.
func (s *scene) certificate(w *World) (tls.Certificate, error) {
	host, c := s.endpoint.Host, s.cert
	own, err := keyFor(host)
	if err != nil {
		return tls.Certificate{}, err
	}
	var key crypto.Signer = own
	if c.weak {
		if key, err = weakKeyFor(host); err != nil {
			return tls.Certificate{}, err
		}
	}
	by := w.middle
	if c.issuer != nil {
		by = c.issuer(w)
	}
	if c.self {
		by = &authority{template(host), own}
	}
	if c.partial || c.self {
		return by.issue(host, key, c.change)
	}
	return by.issue(host, key, c.change, by.cert)
}

// config returns that of the server.
func (s *scene) config(cert tls.Certificate) dialtest.Config {
	c := dialtest.Config{
		Protocol: s.endpoint.Protocol, Implicit: s.endpoint.Policy == policy.ImplicitTLS,
		TLS:  &tls.Config{Certificates: []tls.Certificate{cert}},
		User: User, Password: Password, Mechanisms: []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"},
	}
	if s.server != nil {
		s.server(&c)
	}
	return c
}

// patience returns how long a connection may take.
func (s *scene) patience() time.Duration {
	if s.hurry {
		return 3 * time.Second
	}
	return 30 * time.Second
}

func (s *scene) credentials() auth.Credentials {
	if !s.login {
		return nil
	}
	return auth.Password{User: User, Secret: auth.NewSecret(Password)}
}

func (s *scene) pins() []dial.Pin {
	if !s.pinned {
		return nil
	}
	return []dial.Pin{{Endpoint: s.endpoint, Key: trust.KeyHash{1}}}
}
