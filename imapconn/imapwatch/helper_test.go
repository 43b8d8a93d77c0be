package imapwatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/policy"
)

// fixture is an account, and a program that watches it: what it has of each mailbox is a
// copy of it.
type fixture struct {
	*testing.T
	srv   *dialtest.Server
	saved *memory
	imapwatch.Config

	mu      sync.Mutex
	dials   []time.Time
	open    int               // connections
	unreach bool              // the server cannot be reached
	has     map[string]string // texts by mailbox and UID
	told    map[string]int    // how often a message was told as new, by its text
	changes []string          // what was told
	when    []time.Time
	downs   []*dial.Error
	nexts   []time.Time
	refused []string
}

// watched runs test in a bubble, with a server and a program that watches it.
func watched(t *testing.T, c dialtest.Config, test func(f *fixture)) {
	t.Helper()
	c.Protocol, c.NoSTARTTLS, c.LoginInClear = policy.IMAP, true, true
	srv, err := dialtest.NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{T: t, srv: srv, saved: newMemory(), has: map[string]string{}, told: map[string]int{}}
		f.Config = imapwatch.Config{
			Endpoint: dial.Endpoint{Protocol: policy.IMAP, Host: "localhost", Policy: policy.NoTLS},
			Options: &imapconn.Options{
				Dialer: &dial.Dialer{NetDialer: f},
				Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret"), InsecureCleartext: true},
			},
			Positions: f.saved,
			Handle:    f.copy,
			Down: func(failed *dial.Error, next time.Time) {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.downs, f.nexts = append(f.downs, failed), append(f.nexts, next)
			},
			Refused: func(mailbox string, err error) {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.refused = append(f.refused, mailbox+": "+err.Error())
			},
		}
		test(f)
		synctest.Wait()
		if f.open != 0 || f.saved.held {
			t.Errorf("%d connections are left, positions are held: %v", f.open, f.saved.held)
		}
	})
}

// order adds rules to those of the server.
func (f *fixture) order(rules ...dialtest.Rule) {
	f.Helper()
	if err := f.srv.Order(rules...); err != nil {
		f.Fatal(err)
	}
}

// DialContext makes the fixture a NetDialer that counts.
func (f *fixture) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	f.mu.Lock()
	f.dials = append(f.dials, time.Now())
	unreachable := f.unreach
	f.mu.Unlock()
	if unreachable {
		return nil, errors.New("network is unreachable")
	}
	conn, err := f.srv.PipeDialer().DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.open++
	f.mu.Unlock()
	return &counted{Conn: conn, f: f}, nil
}

type counted struct {
	net.Conn
	f    *fixture
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() {
		c.f.mu.Lock()
		c.f.open--
		c.f.mu.Unlock()
	})
	return c.Conn.Close()
}

// copy is a Handle that keeps a copy of each mailbox.
func (f *fixture) copy(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
	texts := map[imap.UID]string{}
	for m, err := range client.FetchEach(ctx, c.New, nil) {
		if err != nil {
			return err
		}
		text, err := io.ReadAll(m)
		if err != nil {
			return err
		}
		texts[m.UID] = string(text)
	}
	if client.Err() != nil {
		return client.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for uid, text := range texts {
		f.has[key(c.Mailbox, uid)] = text
		f.told[text]++
	}
	gone, _ := c.Vanished.Nums()
	for _, uid := range gone {
		delete(f.has, key(c.Mailbox, uid))
	}
	f.note(c)
	return nil
}

// noted is a Handle that only records what was told.
func (f *fixture) noted(_ context.Context, _ *imapconn.Client, c imapwatch.Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note(c)
	return nil
}

func key(mailbox string, uid imap.UID) string { return fmt.Sprint(mailbox, " ", uid) }

// note records a change. f.mu is held.
func (f *fixture) note(c imapwatch.Change) {
	words := []string{}
	if c.Mailbox != "INBOX" {
		words = append(words, c.Mailbox)
	}
	for _, part := range []struct {
		name string
		set  imap.UIDSet
	}{{"new", c.New}, {"changed", c.Changed}, {"vanished", c.Vanished}} {
		if len(part.set) > 0 {
			words = append(words, part.name+" "+part.set.String())
		}
	}
	f.changes, f.when = append(f.changes, strings.Join(words, " ")), append(f.when, time.Now())
}

// want fails unless these changes were told since the last call.
func (f *fixture) want(changes ...string) {
	f.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.changes, changes) {
		f.Errorf("told %q, want %q", f.changes, changes)
	}
	f.changes, f.when = nil, nil
}

// run runs the program while test does.
func (f *fixture) run(test func()) {
	f.Helper()
	stop := f.start()
	test()
	if err := stop(); err != nil {
		f.Errorf("Run: %v", err)
	}
}

// start runs the program until stop, which returns what Run has.
func (f *fixture) start() (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- imapwatch.Run(ctx, f.Config) }()
	synctest.Wait()
	return func() error {
		synctest.Wait()
		cancel()
		return <-done
	}
}

// ends runs the program until it ends by itself.
func (f *fixture) ends() error { return imapwatch.Run(context.Background(), f.Config) }

// complete fails unless the program's copy is what is on the server, and each message was
// told once.
func (f *fixture) complete() {
	f.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	want := map[string]string{}
	for _, name := range f.srv.Store().Names() {
		for _, m := range f.srv.Store().Mailbox(name).Messages() {
			want[key(name, imap.UID(m.UID))] = m.Text
		}
	}
	if !maps.Equal(f.has, want) {
		f.Errorf("the program has %d messages, and the server %d: %v and %v", len(f.has), len(want), f.has, want)
	}
	for text, n := range f.told {
		if n != 1 {
			f.Errorf("told %d times: %q", n, text)
		}
	}
}

// letter is a message.
func letter(n int) string { return fmt.Sprintf("Subject: message %d\r\n\r\ntext %d\r\n", n, n) }
