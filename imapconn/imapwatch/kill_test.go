package imapwatch_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/policy"
)

// child, set in the environment, makes the test's binary a program that watches.
const child = "IMAPWATCH_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(child); args != "" {
		fmt.Fprintln(os.Stderr, watchForever(strings.Split(args, "|")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// leadTo is a NetDialer that finds every host at one address.
type leadTo string

func (to leadTo) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, string(to))
}

// watchForever appends each new message to a file, as a line that is synced before the
// message counts as handled.
func watchForever(args []string) error {
	return imapwatch.Run(context.Background(), imapwatch.Config{
		Endpoint: dial.Endpoint{Protocol: policy.IMAP, Host: "localhost", Policy: policy.NoTLS},
		Options: &imapconn.Options{
			Dialer: &dial.Dialer{NetDialer: leadTo(args[0])},
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

// victim is the program that runs, if any, and how many commands it may still say.
type victim struct {
	mu       sync.Mutex
	cmd      *exec.Cmd
	commands int
}

// command kills the program when it has said enough.
func (v *victim) command(string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.commands--; v.commands == 0 && v.cmd != nil {
		v.cmd.Process.Kill()
	}
}

// run runs the program until it has said so many commands, or done.
func (v *victim) run(t *testing.T, addr, dir string, commands int, done func() bool) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env, cmd.Stderr = append(os.Environ(), child+"="+addr+"|"+dir, "GORACE=atexit_sleep_ms=0"), os.Stderr
	v.mu.Lock()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v.cmd, v.commands = cmd, commands
	v.mu.Unlock()
	dead := make(chan struct{})
	go func() {
		defer close(dead)
		cmd.Wait()
	}()
	for running := true; running && !done(); {
		select {
		case <-dead:
			running = false
		default:
			runtime.Gosched()
		}
	}
	cmd.Process.Kill()
	<-dead
	v.mu.Lock()
	v.cmd = nil
	v.mu.Unlock()
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
	v := &victim{}
	srv.Order(dialtest.Rule{At: "*", Do: v.command})
	dir, sent := t.TempDir(), 0
	deliver := func() {
		for range 10 {
			sent++
			srv.Deliver(letter(sent))
		}
	}
	all := func() bool { return missing(dir, sent) == 0 }
	for i := range kills {
		deliver()
		if i%2 == 0 {
			v.run(t, srv.Addr(), dir, 1+rand.N(12), all) // it may have all with less
		} else {
			lines := logged(dir) + 1 + rand.N(9)
			v.run(t, srv.Addr(), dir, 1<<30, func() bool { return logged(dir) >= lines })
		}
	}
	deliver()
	v.run(t, srv.Addr(), dir, 1<<30, all)
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
