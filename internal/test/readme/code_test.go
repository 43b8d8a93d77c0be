package readme

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

func send(ctx context.Context, client *smtpconn.Client, content io.Reader) error {
	envelope := smtpconn.Envelope{From: "service@example.org", To: []string{"ann@example.org", "ben@example.org"}}
	receipt, err := client.Send(ctx, envelope, content)
	switch {
	case err == nil:
		log.Print("sent to ", receipt.Accepted, ": ", receipt.Reply) // often with a queue id
	case errors.Is(err, smtpconn.InDoubt):
		log.Print("the server may have it: if it is sent again it may arrive twice")
	case errors.Is(err, smtpconn.Refused):
		log.Print("refused, and sent to none of them: ", err) // Envelope.Partial sends it to the others
	}
	return err
}

func TestSend(t *testing.T) {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, Implicit: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := smtpconn.Dial(t.Context(), server.Endpoint(policy.ImplicitTLS), &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := send(t.Context(), client, strings.NewReader("Subject: x\r\n\r\nx\r\n")); err != nil || len(server.Messages()) != 1 {
		t.Errorf("%v, %d messages", err, len(server.Messages()))
	}
}

func watch(ctx context.Context, server dial.Endpoint, options *imapconn.Options, file string) error {
	return imapwatch.Run(ctx, imapwatch.Config{
		Endpoint:     server,
		Options:      options,
		Mailboxes:    []string{"INBOX", "Alerts"},
		Positions:    imapwatch.File(file),
		SkipExisting: true,
		Handle: imapwatch.EachMessage(&imapconn.FetchOptions{Envelope: true, NoBody: true}, func(ctx context.Context, m *imapwatch.Message) error {
			log.Print("new in ", m.Mailbox, ": ", m.Envelope.Subject)
			return nil // the program has it: it does not come again
		}),
		Refused: func(mailbox string, err error) { log.Print(mailbox, ": ", err) },
		Down: func(failed *dial.Error, next time.Time) {
			log.Print(failed, "; next try at ", next.Format(time.TimeOnly))
		},
	})
}

// watch tells of new messages of two mailboxes, of which one is not there, and goes on where
// it was.
func TestWatch(t *testing.T) {
	defer log.SetOutput(log.Writer())
	var b strings.Builder
	log.SetOutput(&b)
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Implicit: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	options := &imapconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()},
		Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret")},
	}
	file := filepath.Join(t.TempDir(), "positions")
	for _, subject := range []string{"first", "second"} { // what is there at the first run is skipped
		ctx, cancel := context.WithCancel(t.Context())
		if err := server.Order(dialtest.Rule{At: "idling", Times: 1, Do: func(string) { cancel() }}); err != nil {
			t.Fatal(err)
		}
		server.Deliver("Subject: " + subject + "\r\n\r\n")
		if err := watch(ctx, server.Endpoint(policy.ImplicitTLS), options, file); err != nil {
			t.Fatal(err)
		}
	}
	if s := b.String(); strings.Contains(s, "first") || strings.Count(s, "new in INBOX: second") != 1 || strings.Count(s, "Alerts: ") != 2 {
		t.Errorf("logged %s", s)
	}
}

func explain(err error) {
	var failed *dial.Error
	if errors.As(err, &failed) {
		log.Print(failed.Phase, ": ", failed.Hint())
	}
	var broken *policy.Violation
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, auth.KindCredentials):
		log.Print("ask for the password again")
	case errors.Is(err, policy.ErrNotOffered):
		log.Print("the server does not offer TLS, or an attacker removes the offer")
	case errors.As(err, &broken):
		log.Print("broken rule: ", broken.Reason, ", reply of the server: ", broken.Reply)
	case errors.As(err, &cert):
		log.Print("the certificate does not verify: ", cert.Err)
	case failed != nil && failed.Temporary():
		log.Print("try again later")
	}
}

// Each case of explain is reached by an error that a dial returns.
func TestExplain(t *testing.T) {
	defer log.SetOutput(log.Writer())
	var b strings.Builder
	log.SetOutput(&b)
	for _, c := range []struct {
		config dialtest.Config
		policy policy.Policy
		roots  bool
		user   string
		want   string
	}{
		{dialtest.Config{Implicit: true}, policy.ImplicitTLS, true, "stranger", "ask for the password"},
		{dialtest.Config{NoSTARTTLS: true}, policy.RequiredSTARTTLS, true, "user", "does not offer TLS"},
		{dialtest.Config{}, policy.ImplicitTLS, true, "user", "broken rule"},
		{dialtest.Config{Implicit: true}, policy.ImplicitTLS, false, "user", "does not verify"},
		{dialtest.Config{Implicit: true, Greeting: "421 4.3.2 later"}, policy.ImplicitTLS, true, "user", "try again later"},
	} {
		c.config.Protocol = policy.Submission
		server, err := dialtest.NewServer(c.config)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		d := &dial.Dialer{}
		if c.roots {
			d.TLSConfig = server.ClientConfig()
		}
		_, err = smtpconn.Dial(t.Context(), server.Endpoint(c.policy), &smtpconn.Options{
			Dialer: d,
			Auth:   auth.Password{User: c.user, Secret: auth.NewSecret("secret")},
		})
		b.Reset()
		explain(err)
		if !strings.Contains(b.String(), c.want) {
			t.Errorf("%v: %q, want %q", err, b.String(), c.want)
		}
	}
}

func dialer(ctx context.Context, file string) (*dial.Dialer, error) {
	store, err := filestore.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	return &dial.Dialer{Peers: store}, nil
}

func TestDialer(t *testing.T) {
	d, err := dialer(t.Context(), filepath.Join(t.TempDir(), "peers"))
	if err != nil || d.Peers == nil {
		t.Errorf("%v, %v", d, err)
	}
}
