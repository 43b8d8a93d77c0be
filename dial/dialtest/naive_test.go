package dialtest_test

import (
	"context"
	"crypto/tls"
	"net/smtp"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// What follows are programs as they are found: each uses its library's own
// constructors as their documentation shows them, and has no use for ctx since
// those have none.

// goIMAP takes "use TLS if it is there" to mean: try, and if that fails do
// without.
func goIMAP(_ context.Context, e dial.Endpoint, cfg *tls.Config) error {
	o := &imapclient.Options{TLSConfig: cfg}
	var c *imapclient.Client
	var err error
	switch e.Policy {
	case policy.ImplicitTLS:
		c, err = imapclient.DialTLS(e.Address(), o)
	case policy.NoTLS:
		c, err = imapclient.DialInsecure(e.Address(), o)
	default:
		c, err = imapclient.DialStartTLS(e.Address(), o)
		if err != nil && e.Policy == policy.OpportunisticSTARTTLS {
			c, err = imapclient.DialInsecure(e.Address(), o)
		}
	}
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Login(dialtest.CanaryUser, dialtest.CanaryPassword).Wait()
}

// goSMTP does the same with go-smtp.
func goSMTP(_ context.Context, e dial.Endpoint, cfg *tls.Config) error {
	var c *gosmtp.Client
	var err error
	switch e.Policy {
	case policy.ImplicitTLS:
		c, err = gosmtp.DialTLS(e.Address(), cfg)
	case policy.NoTLS:
		c, err = gosmtp.Dial(e.Address())
	default:
		c, err = gosmtp.DialStartTLS(e.Address(), cfg)
		if err != nil && e.Policy == policy.OpportunisticSTARTTLS {
			c, err = gosmtp.Dial(e.Address())
		}
	}
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Auth(sasl.NewPlainClient("", dialtest.CanaryUser, dialtest.CanaryPassword))
}

// netSMTP is net/smtp's SendMail up to the login, with a TLS config.
func netSMTP(_ context.Context, e dial.Endpoint, cfg *tls.Config) error {
	c, err := dialNetSMTP(e, cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	if ok, _ := c.Extension("STARTTLS"); ok && e.Policy.STARTTLS() {
		cfg.ServerName = e.Host
		if err := c.StartTLS(cfg); err != nil {
			return err
		}
	}
	return c.Auth(loginAuth{})
}

func dialNetSMTP(e dial.Endpoint, cfg *tls.Config) (*smtp.Client, error) {
	if e.Policy != policy.ImplicitTLS {
		return smtp.Dial(e.Address())
	}
	conn, err := tls.Dial("tcp", e.Address(), cfg)
	if err != nil {
		return nil, err
	}
	return smtp.NewClient(conn, e.Host)
}

// loginAuth is the smtp.Auth for AUTH LOGIN that programs bring themselves, as
// net/smtp has none. Like most of them it does not ask about TLS.
type loginAuth struct{}

func (loginAuth) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }

func (loginAuth) Next(challenge []byte, more bool) ([]byte, error) {
	switch {
	case !more:
		return nil, nil
	case string(challenge) == "Username:":
		return []byte(dialtest.CanaryUser), nil
	}
	return []byte(dialtest.CanaryPassword), nil
}
