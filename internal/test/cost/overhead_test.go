package cost_test

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// echo answers lines as simply as a server can, so that what is measured is
// the client.
func echo(conn net.Conn, greeting string, answer func(line string) string) {
	defer conn.Close()
	conn.Write([]byte(greeting))
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		conn.Write([]byte(answer(line)))
	}
}

func imapAnswer(line string) string {
	tag, command, _ := strings.Cut(line, " ")
	if strings.HasPrefix(command, "AUTHENTICATE") {
		return tag + " OK [CAPABILITY IMAP4rev1] done\r\n"
	}
	return tag + " OK done\r\n"
}

func smtpAnswer(line string) string {
	switch {
	case strings.HasPrefix(line, "EHLO"):
		return "250-mail.test\r\n250 AUTH PLAIN\r\n"
	case strings.HasPrefix(line, "AUTH"):
		return "235 done\r\n"
	}
	return "250 done\r\n"
}

const imapGreeting = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n"

// pipe returns a loopback connection to an echo: in-memory pipes allocate for
// every deadline.
func pipe(t testing.TB, greeting string, answer func(string) string) net.Conn {
	c, s := sockettest.Pair(t, "tcp")
	go echo(s, greeting, answer)
	return c
}

func creds() auth.Password {
	return auth.Password{User: "user", Secret: auth.NewSecret("secret"), InsecureCleartext: true}
}

func ourIMAP(t testing.TB) *imapconn.Client {
	conn, err := new(dial.Dialer).NewConn(context.Background(), pipe(t, imapGreeting, imapAnswer),
		dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapconn.New(context.Background(), conn, &imapconn.Options{Auth: creds()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func rawIMAP(t testing.TB) *imapclient.Client {
	c := imapclient.New(pipe(t, imapGreeting, imapAnswer), nil)
	if err := c.Authenticate(sasl.NewPlainClient("", "user", "secret")); err != nil {
		t.Fatal(err)
	}
	return c
}

func ourSMTP(t testing.TB) *smtpconn.Client {
	conn, err := new(dial.Dialer).NewConn(context.Background(), pipe(t, "220 ready\r\n", smtpAnswer),
		dial.Endpoint{Protocol: policy.Submission, Host: "mail.test", Policy: policy.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtpconn.New(context.Background(), conn, &smtpconn.Options{Auth: creds()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func rawSMTP(t testing.TB) *smtp.Client {
	c := smtp.NewClient(pipe(t, "220 ready\r\n", smtpAnswer))
	if err := c.Auth(sasl.NewPlainClient("", "user", "secret")); err != nil {
		t.Fatal(err)
	}
	return c
}

// The wrapped clients cost per command what they cost bare.
func TestCommandAllocs(t *testing.T) {
	ours, raw := ourIMAP(t), rawIMAP(t)
	defer ours.Close()
	defer raw.Close()
	compare(t, "IMAP NOOP", func() { must(t, ours.Noop().Wait()) }, func() { must(t, raw.Noop().Wait()) }, 0)

	ourS, rawS := ourSMTP(t), rawSMTP(t)
	defer ourS.Close()
	defer rawS.Close()
	compare(t, "SMTP NOOP", func() { must(t, ourS.Noop()) }, func() { must(t, rawS.Noop()) }, 0)
}

func compare(t *testing.T, what string, ours, raw func(), most float64) {
	t.Helper()
	a, b := testing.AllocsPerRun(200, ours), testing.AllocsPerRun(200, raw)
	t.Logf("%s: %v allocations, bare library %v", what, a, b)
	if a > b+most {
		t.Errorf("%s: %v allocations, bare library %v", what, a, b)
	}
}

func must(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}

// A session has no goroutines but those of the library it wraps.
func TestGoroutines(t *testing.T) {
	const sessions = 20
	for range sessions {
		c, s := ourIMAP(t), ourSMTP(t)
		defer c.Close()
		defer s.Close()
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for creator, want := range map[string]int{
		"github.com/emersion/go-imap":              sessions,
		"github.com/emersion/go-smtp":              0,
		"github.com/mailconn/mailconn/dial":        0,
		"github.com/mailconn/mailconn/imapconn":    0,
		"github.com/mailconn/mailconn/smtpconn":    0,
		"github.com/mailconn/mailconn/internal/wi": 0,
		"context": 0,
	} {
		if got := bytes.Count(stacks, []byte("created by "+creator)); got != want {
			t.Errorf("%d goroutines made by %s, want %d", got, creator, want)
		}
	}
}
