package pop3watch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// ctx is the context of calls that are not to be cut off.
var ctx = context.Background()

// memory is a Seen that lasts for a test.
type memory struct {
	notes map[string]pop3watch.Note
	held  bool
	fail  error // of the next Save
}

func newMemory() *memory { return &memory{notes: map[string]pop3watch.Note{}} }

func (m *memory) Load(context.Context) (map[string]pop3watch.Note, error) {
	if m.held {
		return nil, errors.New("held")
	}
	m.held = true
	notes := map[string]pop3watch.Note{}
	for key, n := range m.notes {
		notes[key] = n
	}
	return notes, nil
}

func (m *memory) Save(ctx context.Context, notes map[string]pop3watch.Note) error {
	if _, bounded := ctx.Deadline(); ctx.Err() != nil || m.fail != nil || !bounded {
		return errors.Join(ctx.Err(), m.fail, errors.New("not saved"))
	}
	for key, n := range notes {
		text, _ := n.MarshalText() // as a program's own store has it
		var again pop3watch.Note
		if err := again.UnmarshalText(text); err != nil {
			return err
		}
		if m.notes[key] = again; len(text) == 0 {
			delete(m.notes, key)
		}
	}
	return nil
}

func (m *memory) Release() error {
	m.held = false
	return nil
}

// keys returns the keys of messages that the program has, and that may be on the server.
func (m *memory) keys() []string {
	var list []string
	for key := range m.notes {
		if text := m.text(key); !strings.HasPrefix(key, "%") && !strings.Contains(text, "unread") && !strings.HasSuffix(text, "deleted") {
			list = append(list, key)
		}
	}
	slices.Sort(list)
	return list
}

// text returns the text of a note.
func (m *memory) text(key string) string {
	text, _ := m.notes[key].MarshalText()
	return string(text)
}

// aged makes a note of that age.
func aged(t *testing.T, age time.Duration) pop3watch.Note {
	var n pop3watch.Note
	if err := n.UnmarshalText([]byte(time.Now().Add(-age).UTC().Format(time.RFC3339))); err != nil {
		t.Fatal(err)
	}
	return n
}

// piped is a NetDialer whose connections a server in this process serves.
type piped struct {
	srv   *dialtest.Server
	dials []time.Time
	fail  func(n int) error // of dial n, from 0
}

func (p *piped) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	p.dials = append(p.dials, time.Now())
	if p.fail != nil {
		if err := p.fail(len(p.dials) - 1); err != nil {
			return nil, err
		}
	}
	return p.srv.Pipe(), nil
}

// fixture is a mailbox, and what is watched of it.
type fixture struct {
	srv *dialtest.Server
	// Hook, if set, chooses what the server does at a command.
	Hook func(command string) dialtest.Rule
	net  *piped
	seen *memory
	got  map[string]string // messages by key
	told int               // calls of Handle that were answered nil
	pop3watch.Config
}

// newFixture watches a mailbox with a Handle that stores messages by their keys.
func newFixture(messages ...mailstore.Message) *fixture {
	f := &fixture{seen: newMemory(), got: map[string]string{}}
	f.srv = newServer(dialtest.Config{NoListener: true, NoRecords: true}, func(command string) dialtest.Rule {
		if f.Hook == nil {
			return dialtest.Rule{}
		}
		return f.Hook(command)
	})
	f.Add(messages...)
	f.net = &piped{srv: f.srv}
	f.Config = pop3watch.Config{
		Endpoint: dial.Endpoint{Protocol: policy.POP3, Host: "localhost", Policy: policy.NoTLS},
		Options: &pop3conn.Options{
			Dialer: &dial.Dialer{NetDialer: f.net},
			Auth:   auth.Password{User: "user", Secret: auth.NewSecret("secret"), InsecureCleartext: true},
		},
		Seen: f.seen,
	}
	f.Handle = f.store
	return f
}

// newServer returns a server whose mailbox one session has at a time (RFC 1939 §4), and
// that answers commands as choose says.
func newServer(c dialtest.Config, choose func(command string) dialtest.Rule) *dialtest.Server {
	var mailbox sync.Mutex
	c.Protocol, c.NoSTARTTLS, c.LoginInClear, c.Mechanisms = policy.POP3, true, true, []string{}
	c.Without = []string{"RESP-CODES", "AUTH-RESP-CODE"}
	c.Accept = func(_, password string) bool { return password == "secret" }
	c.Rules = []dialtest.Rule{
		{At: "connect", Do: func(string) { mailbox.Lock() }},
		{At: "closed", Do: func(string) { mailbox.Unlock() }},
		{At: "*", Choose: func(m dialtest.Moment) dialtest.Rule {
			if m.Command == "greeting" || m.Command == "credentials" {
				return dialtest.Rule{}
			}
			return choose(m.Command)
		}},
	}
	srv, err := dialtest.NewServer(c)
	if err != nil {
		panic(err) // there is nothing that it could fail for
	}
	return srv
}

// Add delivers messages.
func (f *fixture) Add(messages ...mailstore.Message) { f.srv.Store().Inbox().Add(messages...) }

// Messages returns what is in the mailbox.
func (f *fixture) Messages() []mailstore.Message { return f.srv.Store().Inbox().Messages() }

func (f *fixture) store(_ context.Context, m *pop3watch.Message) error {
	text, err := io.ReadAll(m)
	if err != nil {
		return err
	}
	f.told++
	f.got[m.Key] += string(text)
	return nil
}

// once looks once, and returns what became of it.
func (f *fixture) once() (last pop3watch.Look, err error) {
	f.Looked = func(l pop3watch.Look) { last = l }
	err = pop3watch.Once(ctx, f.Config)
	return last, err
}

// left returns the identifiers of what is on the server.
func (f *fixture) left() string {
	var ids []string
	for _, m := range f.Messages() {
		ids = append(ids, m.ID)
	}
	return fmt.Sprint(ids)
}

// answers is a Hook with rules for some commands.
func answers(rules map[string]dialtest.Rule) func(string) dialtest.Rule {
	return func(command string) dialtest.Rule { return rules[command] }
}

var (
	hangUp = dialtest.Rule{Skip: true, End: dialtest.EndClose}
	// lost is a command that is carried out, and whose reply is lost.
	lost = dialtest.Rule{Bytes: -1, End: dialtest.EndClose}
)

// three are messages of which two share an identifier.
func three() []mailstore.Message {
	return []mailstore.Message{{ID: "a", Text: "one\r\n"}, {ID: "b", Text: "two\r\n.\r\n"}, {ID: "a", Text: "three\r\n"}}
}
