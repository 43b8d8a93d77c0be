package mailserver

import (
	"crypto/tls"
	"io"
	"log"
	"net"

	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// quiet returns a logger for handshakes that fail, which here is on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func newIMAP(cfg *tls.Config, box *mailbox) *imapserver.Server {
	mem := imapmemserver.New()
	mem.AddUser(box.user)
	return imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		TLSConfig: cfg,
		Logger:    quiet(),
	})
}

func newSMTP(cfg *tls.Config, box *mailbox) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &submission{box: box}, nil
	}))
	s.Domain = "mail.test"
	s.TLSConfig = cfg
	s.ErrorLog = quiet()
	return s
}

// submission takes mail from clients that have logged in, and delivers all of it to the
// one mailbox.
type submission struct {
	box      *mailbox
	loggedIn bool
}

var _ smtp.AuthSession = (*submission)(nil)

func (s *submission) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *submission) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.box.user.Login(user, password) != nil {
			return smtp.ErrAuthFailed
		}
		s.loggedIn = true
		return nil
	}), nil
}

func (s *submission) Mail(string, *smtp.MailOptions) error {
	if !s.loggedIn {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	if to == Unknown {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	return nil
}

func (s *submission) Data(r io.Reader) error { return s.box.deliver(r) }
func (s *submission) Reset()                 {}
func (s *submission) Logout() error          { return nil }

// pop3Config returns what a POP3 server is like when a session begins: a
// session sees the messages that are there at that moment.
func pop3Config(ca *dialtest.CA, box *mailbox, implicit bool) func() dialtest.Config {
	return func() dialtest.Config {
		return dialtest.Config{
			Protocol: policy.POP3, CA: ca, Implicit: implicit,
			User: User, Password: Password, Mailbox: box.delivered(),
		}
	}
}

// servePOP3 gives each connection a server of its own.
func servePOP3(l net.Listener, config func() dialtest.Config) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			if srv, err := dialtest.NewServer(config()); err == nil {
				defer srv.Close()
				srv.Serve(c)
			}
		}()
	}
}
