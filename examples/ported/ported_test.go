package ported

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/legacy"
	"github.com/mailconn/mailconn/examples/internal/mailserver"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

const text = "Subject: disk full\r\n\r\nOn host a.\r\n"

func start() (*mailserver.Server, *dial.Dialer) {
	server, err := mailserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	return server, &dial.Dialer{TLSConfig: server.ClientConfig()}
}

// hostPort returns the address of the submission server.
func hostPort(server *mailserver.Server, implicit bool) (string, int) {
	host, port, err := net.SplitHostPort(server.Addr(policy.Submission, implicit))
	if err != nil {
		log.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		log.Fatal(err)
	}
	return host, n
}

func ExampleAlert() {
	server, dialer := start()
	defer server.Close()
	host, port := hostPort(server, true)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	a := Alert{
		Host: host, Port: port, SSL: legacy.On, STARTTLS: legacy.Off,
		User: mailserver.User, Password: auth.NewSecret(mailserver.Password), Dialer: dialer,
	}
	fmt.Println(a.Send(ctx, mailserver.Address, []string{mailserver.Address}, strings.NewReader(text)))
	err := a.Send(ctx, mailserver.Address, []string{mailserver.Address, mailserver.Unknown}, strings.NewReader(text))
	fmt.Println("refused:", errors.Is(err, smtpconn.Refused))
	// Output:
	// <nil>
	// refused: true
}

func ExampleNewMailer() {
	server, dialer := start()
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	relay := server.Endpoint(policy.Submission, policy.RequiredSTARTTLS)
	p, err := NewMailer(relay, dialer, mailserver.User, auth.NewSecret(mailserver.Password), 4)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close(ctx)
	fmt.Println(Mail(ctx, p, mailserver.Address, []string{mailserver.Address}, strings.NewReader(text)))
	// Output: <nil>
}

func ExampleInbox() {
	server, dialer := start()
	defer server.Close()
	dir, err := os.MkdirTemp("", "inbox")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	deliver(server, dialer)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	inbox := &Inbox{
		Server:      server.Endpoint(policy.IMAP, policy.RequiredSTARTTLS),
		Dialer:      dialer,
		Credentials: auth.Password{User: mailserver.User, Secret: auth.NewSecret(mailserver.Password)},
		Seen:        filepath.Join(dir, "seen"),
		Handle: func(m *imapwatch.Message) error {
			fmt.Println(m.UID, m.Envelope.Subject)
			cancel()
			return nil
		},
		Down: func(failed *dial.Error, next time.Time) { log.Print(failed, "; next try at ", next) },
	}
	fmt.Println(inbox.Run(ctx))
	// Output:
	// 1 disk full
	// <nil>
}

func deliver(server *mailserver.Server, d *dial.Dialer) {
	a := smtpconn.Options{Dialer: d, Auth: auth.Password{User: mailserver.User, Secret: auth.NewSecret(mailserver.Password)}}
	client, err := smtpconn.Dial(context.Background(), server.Endpoint(policy.Submission, policy.ImplicitTLS), &a)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	envelope := smtpconn.Envelope{From: mailserver.Address, To: []string{mailserver.Address}}
	if _, err := client.Send(context.Background(), envelope, strings.NewReader(text)); err != nil {
		log.Fatal(err)
	}
}

// Where the server gives the inbox other UIDs, no message is missed: those that UIDs tell
// nothing of any more are handled again.
func TestInboxRenumbered(t *testing.T) {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Implicit: true, User: "joe", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.Deliver("Subject: one\r\n\r\n", "Subject: two\r\n\r\n")
	server.Store().Inbox().Expunge(1)
	if err := server.Order(dialtest.Rule{
		At: "idling", Times: 1, End: dialtest.EndClose,
		Do: func(string) { server.Store().Inbox().Renumber() },
	}); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var handled []string
		inbox := &Inbox{
			Server:      server.Endpoint(policy.ImplicitTLS),
			Dialer:      &dial.Dialer{TLSConfig: server.ClientConfig(), NetDialer: server.PipeDialer()},
			Credentials: auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
			Seen:        filepath.Join(t.TempDir(), "seen"),
			Handle: func(m *imapwatch.Message) error {
				handled = append(handled, fmt.Sprint(m.UID, " ", m.Envelope.Subject))
				if len(handled) == 2 {
					cancel()
				}
				return nil
			},
			Down: func(failed *dial.Error, _ time.Time) { t.Log(failed) },
		}
		if err := inbox.Run(ctx); err != nil {
			t.Error(err)
		}
		if want := []string{"2 two", "1 two"}; !slices.Equal(handled, want) {
			t.Errorf("%q, want %q", handled, want)
		}
	})
}

// A password that is refused ends Run, instead of being sent until the account is locked.
func TestInboxRefused(t *testing.T) {
	server, dialer := start()
	defer server.Close()
	inbox := &Inbox{
		Server:      server.Endpoint(policy.IMAP, policy.ImplicitTLS),
		Dialer:      dialer,
		Credentials: auth.Password{User: mailserver.User, Secret: auth.NewSecret("wrong")},
		Seen:        filepath.Join(t.TempDir(), "seen"),
		Down:        func(failed *dial.Error, _ time.Time) { t.Error(failed) },
	}
	if err := inbox.Run(context.Background()); !errors.Is(err, auth.KindCredentials) {
		t.Error(err)
	}
}

// TestBefore runs the programs as they were: what they are compared with does work.
func TestBefore(t *testing.T) {
	server, _ := start()
	defer server.Close()
	to := []string{mailserver.Address}
	for _, implicit := range []bool{true, false} {
		host, port := hostPort(server, implicit)
		a := alertBefore{Host: host, Port: port, SSL: implicit, RequireTLS: true, Hello: "localhost",
			User: mailserver.User, Password: mailserver.Password, roots: server.ClientConfig().RootCAs}
		if err := a.send(mailserver.Address, to, []byte(text)); err != nil {
			t.Errorf("alert, implicit TLS %v: %v", implicit, err)
		}
	}
	config := func() *tls.Config {
		c := server.ClientConfig()
		c.ServerName = "127.0.0.1"
		return c
	}
	m := newMailerBefore(server.Addr(policy.Submission, false), config(), smtp.PlainAuth("", mailserver.User, mailserver.Password, "127.0.0.1"), 2)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if err := m.send(mailserver.Address, to, []byte(text)); err != nil {
				t.Errorf("mailer: %v", err)
			}
		})
	}
	all.Wait()
	m.Close()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	handled := 0
	w := &inboxBefore{
		address: server.Addr(policy.IMAP, true), implicit: true, config: config(),
		user: mailserver.User, password: mailserver.Password,
		handle: func(imap.UID, string) {
			if handled++; handled == 7 {
				cancel()
			}
		},
	}
	w.run(ctx)
	if handled != 7 {
		t.Errorf("handled %d messages", handled)
	}
}

// TestLines holds the table in the documentation to the lines that there are.
func TestLines(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alert", "mailer", "inbox"} {
		want := fmt.Sprintf("%3d %6d  %s\n", lines(t, name+"_before.go"), lines(t, name+".go"), name)
		t.Logf("%s", want)
		if !strings.Contains(string(doc), want) {
			t.Errorf("doc.go should say %q", want)
		}
	}
}

// lines counts lines of code, without comments, blank lines, imports and the package.
func lines(t *testing.T, file string) (n int) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(b), "\n)\n")
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}
