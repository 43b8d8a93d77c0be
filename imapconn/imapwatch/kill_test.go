package imapwatch_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/policy"
)

// TestMain makes the test binary a program that watches, in processes that are killed.
func TestMain(m *testing.M) {
	child.Main(m, map[string]func([]string) error{"watch": watchForever})
}

// watchForever appends each new message to a file, as a line that is synced before the
// message counts as handled.
func watchForever(args []string) error {
	return imapwatch.Run(context.Background(), imapwatch.Config{
		Endpoint: dial.Endpoint{Protocol: policy.IMAP, Host: "localhost", Policy: policy.NoTLS},
		Options: &imapconn.Options{
			Dialer: &dial.Dialer{NetDialer: dialtest.LeadTo(args[0])},
			Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret"), InsecureCleartext: true},
		},
		Positions: imapwatch.File(filepath.Join(args[1], "positions")),
		MinDelay:  time.Millisecond,
		Handle: imapwatch.EachMessage(nil, func(_ context.Context, m *imapwatch.Message) error {
			text, err := io.ReadAll(m)
			if err != nil {
				return err
			}
			log, err := os.OpenFile(filepath.Join(args[1], "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			defer log.Close()
			if _, err := fmt.Fprintf(log, "\n%q\n", text); err != nil {
				return err
			}
			return log.Sync()
		}),
	})
}

// logged returns how many messages are in the log.
func logged(dir string) int {
	text, _ := os.ReadFile(filepath.Join(dir, "log"))
	return strings.Count(string(text), "\"\n")
}

// TestKilled kills a program that watches at random points of its progress, while mail comes
// in: at the end it has each message, and no more of them twice than it was killed times.
func TestKilled(t *testing.T) {
	kills := 6
	if os.Getenv("MAILCONN_FULL") != "" {
		kills = 100
	}
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, NoSTARTTLS: true, LoginInClear: true})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	var v child.Victim
	if err := srv.Order(dialtest.Rule{At: "*", Do: func(string) { v.Said(false) }}); err != nil {
		t.Fatal(err)
	}
	dir, sent := t.TempDir(), 0
	deliver := func() {
		for range 10 {
			sent++
			srv.Deliver(letter(sent))
		}
	}
	run := func(commands int, done func() bool) {
		v.Run(t, child.Command(t, "watch", srv.Addr(), dir), commands, done)
	}
	all := func() bool { return logged(dir) >= sent && missing(dir, sent) == 0 }
	for i := range kills {
		deliver()
		if i%2 == 0 {
			run(rand.N(12), all) // it may have all with less
		} else {
			lines := logged(dir) + 1 + rand.N(9)
			run(1<<30, func() bool { return logged(dir) >= lines })
		}
	}
	deliver()
	run(1<<30, all)
	if n := missing(dir, sent); n > 0 {
		t.Errorf("%d messages are not there", n)
	}
	if twice := logged(dir) - sent; twice > kills {
		t.Errorf("%d of %d messages were told twice, after %d kills", twice, sent, kills)
	}
	t.Logf("%d kills, %d messages, %d told twice", kills, sent, logged(dir)-sent)
}

// missing returns how many of the messages are not in the log.
func missing(dir string, sent int) (n int) {
	text, _ := os.ReadFile(filepath.Join(dir, "log"))
	for i := range sent {
		if !strings.Contains(string(text), fmt.Sprintf("%q\n", letter(i+1))) {
			n++
		}
	}
	return n
}
