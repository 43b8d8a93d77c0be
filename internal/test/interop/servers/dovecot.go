package servers

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
)

// Dovecot is one with IMAP, POP3 and submission, which runs without any
// privileges. It takes mail for submission to a relay in this process.
type Dovecot struct {
	*Server
	others []*Server // instances for what one cannot do
	Relay  *dialtest.Server
}

// AuthSocket is where other servers have passwords checked.
func (d *Dovecot) AuthSocket() string { return filepath.Join(d.dir, "run", "auth-client") }

// DeliverySocket takes mail, in LMTP.
func (d *Dovecot) DeliverySocket() string { return filepath.Join(d.dir, "run", "lmtp") }

// dovecotConf is what the configuration is written from.
type dovecotConf struct {
	Dir, Certs, User, Group string
	Login                   []loginService
	Locals                  []localBlock
	RelayPort               string
	OpenSSL                 string // a configuration of OpenSSL's, or ""
	Demands                 bool   // clients must have a certificate
	Introspection           string // where to ask about tokens, "" to check them here
}

type loginService struct {
	Name     string // imap, pop3, submission
	Protocol policy.Protocol
	Clear    int
	Implicit int
}

// localBlock is an address of the server's and how it is different there.
type localBlock struct {
	IP string
	Variant
}

// Cert names the certificate shown there.
func (b localBlock) Cert() Variant {
	if b.Limited() {
		return Good
	}
	return b.Variant
}

// Limited reports whether a user may have two sessions and no more.
func (b localBlock) Limited() bool { return b.Variant == TwoAtOnce }

// Offers reports whether there is TLS.
func (b localBlock) Offers() bool { return b.Variant != NoTLS }

// alone are the variants that need an instance of their own: versions of TLS
// are only taken from OpenSSL's settings, and the demand of a certificate is
// the same on all addresses.
var alone = []Variant{OldTLS, TLS12, ClientCert}

// Dovecot starts Dovecot: one instance for nearly all variants, and others.
func (l *Lab) Dovecot() *Dovecot {
	l.t.Helper()
	program := l.need("dovecot")
	relay, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, CA: l.CA})
	check(l.t, err)
	l.t.Cleanup(func() { relay.Close() })
	d := &Dovecot{Relay: relay}
	usual := []Variant{TwoAtOnce}
	for _, v := range Variants {
		if !slices.Contains(alone, v) {
			usual = append(usual, v)
		}
	}
	keys := map[string]string{"HS256/default": base64.StdEncoding.EncodeToString([]byte(tokenKey))}
	d.Server = l.dovecot(program, "dovecot", relay, usual, tokens{keys: keys})
	for _, v := range alone {
		other := l.dovecot(program, "dovecot-"+string(v), relay, []Variant{v}, tokens{keys: keys})
		d.others = append(d.others, other)
		for place, addr := range other.addr {
			d.addr[place] = addr
		}
	}
	return d
}

// DovecotFor starts a Dovecot that takes the tokens of an issuer: it asks the issuer about
// each if introspect is set, else it takes only JWTs, which it checks by itself.
func (l *Lab) DovecotFor(is *Issuer, introspect bool) *Dovecot {
	l.t.Helper()
	relay, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, CA: l.CA})
	check(l.t, err)
	l.t.Cleanup(func() { relay.Close() })
	name, how := "dovecot-introspects", tokens{introspection: is.introspection()}
	if !introspect {
		key, err := is.publicKey()
		check(l.t, err)
		name, how = "dovecot-validates", tokens{keys: map[string]string{"ES256/" + issuerKeyID: key}}
	}
	return &Dovecot{Server: l.dovecot(l.need("dovecot"), name, relay, []Variant{Good}, how), Relay: relay}
}

// tokens is how a Dovecot checks tokens.
type tokens struct {
	keys          map[string]string // of JWTs, by algorithm and id
	introspection string            // where to ask instead
}

func (l *Lab) dovecot(program, name string, relay *dialtest.Server, variants []Variant, how tokens) *Server {
	l.t.Helper()
	return l.run(name, func(s *Server) supervise.Command {
		c := dovecotConf{Dir: s.dir, Certs: filepath.Join(l.dir, "certs")}
		c.User, c.Group = unprivileged()
		_, c.RelayPort = split(relay.Addr())
		c.Login = s.loginServices()
		for i, v := range variants {
			c.Locals = append(c.Locals, localBlock{fmt.Sprintf("198.51.100.%d", i+1), v})
		}
		c.Demands = variants[0] == ClientCert
		s.fronts(c)
		c.OpenSSL = s.openSSL(variants[0])
		s.write("users", nil)
		c.Introspection = how.introspection
		for name, key := range how.keys {
			s.writeText("jwt/default/"+name, key)
		}
		s.write("oauth2.conf", c)
		s.giveTo(c.User)
		return supervise.Command{Argv: []string{program, "-F", "-c", s.write("dovecot.conf", c)}, User: c.User}
	})
}

func (s *Server) loginServices() []loginService {
	services := []loginService{
		{Name: "imap", Protocol: policy.IMAP}, {Name: "pop3", Protocol: policy.POP3},
		{Name: "submission", Protocol: policy.Submission},
	}
	for i := range services {
		services[i].Clear, services[i].Implicit = s.port(), s.port()
	}
	return services
}

// fronts gives each service a front for each address.
func (s *Server) fronts(c dovecotConf) {
	for _, login := range c.Login {
		for _, local := range c.Locals {
			s.addr[Place{login.Protocol, false, local.Variant}] = s.lab.front(login.Clear, local.IP)
			if local.Offers() {
				s.addr[Place{login.Protocol, true, local.Variant}] = s.lab.front(login.Implicit, local.IP)
			}
		}
	}
}

// openSSL writes settings that limit the TLS versions of every program that
// reads them, and returns the file's name; "" if v needs none.
func (s *Server) openSSL(v Variant) string {
	switch v {
	case OldTLS:
		return s.write("openssl.cnf", map[string]string{"Min": "TLSv1", "Max": "TLSv1.1"})
	case TLS12:
		return s.write("openssl.cnf", map[string]string{"Min": "TLSv1.2", "Max": "TLSv1.2"})
	}
	return ""
}

// unprivileged returns the name of a user and a group without privileges: our own, unless that
// is root.
func unprivileged() (name, group string) {
	if os.Geteuid() == 0 {
		return "nobody", "nogroup"
	}
	u, err := user.Current()
	if err != nil {
		return "nobody", "nogroup"
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return u.Username, u.Gid
	}
	return u.Username, g.Name
}
