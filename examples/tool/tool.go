// Package tool shows an internal tool that sends mail: its settings are a section of a
// configuration file, with a private CA, a file that has the password, and a proxy.
package tool

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/net/proxy"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/smtpconn"
)

// Settings is the mail section of the configuration file.
type Settings struct {
	Server       dial.Endpoint `json:"server"` // "submission://mail.example.org"
	User         string        `json:"user"`
	PasswordFile string        `json:"password_file"`
	CAFile       string        `json:"ca_file"` // PEM; empty means the system's CAs
	Proxy        string        `json:"proxy"`   // host:port of a SOCKS5 proxy; empty means none
}

// Connect returns a session with the server.
func (s Settings) Connect(ctx context.Context) (*smtpconn.Client, error) {
	d, err := s.dialer()
	if err != nil {
		return nil, err
	}
	return smtpconn.Dial(ctx, s.Server, &smtpconn.Options{
		Dialer: d,
		Auth:   auth.Password{User: s.User, Secret: passwordFile(s.PasswordFile)},
	})
}

func (s Settings) dialer() (*dial.Dialer, error) {
	d := &dial.Dialer{}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("no certificate in %s", s.CAFile)
		}
		d.TLSConfig = &tls.Config{RootCAs: roots}
	}
	if s.Proxy != "" {
		p, err := proxy.SOCKS5("tcp", s.Proxy, nil, &net.Dialer{})
		if err != nil {
			return nil, err
		}
		d.NetDialer = p.(proxy.ContextDialer) // package networks has other proxies
	}
	return d, nil
}

// passwordFile returns a source that reads the password at each login, so that a tool
// that runs for long notices a new one.
func passwordFile(name string) auth.Source {
	return auth.SourceFunc(func(context.Context, *auth.Error) (auth.Secret, error) {
		b, err := os.ReadFile(name)
		return auth.NewSecret(strings.TrimRight(string(b), "\r\n")), err
	})
}
