package pop3watch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/popbox"
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

// keys returns what is noted.
func (m *memory) keys() []string {
	var list []string
	for key := range m.notes {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
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
	srv   *popbox.Server
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
	client, server := net.Pipe()
	go p.srv.Serve(server)
	return client, nil
}

// fixture is a mailbox, and what is watched of it.
type fixture struct {
	*popbox.Server
	net  *piped
	seen *memory
	got  map[string]string // messages by key
	told int               // calls of Handle that were answered nil
	pop3watch.Config
}

// newFixture watches a mailbox with a Handle that stores messages by their keys.
func newFixture(messages ...popbox.Message) *fixture {
	f := &fixture{Server: &popbox.Server{}, seen: newMemory(), got: map[string]string{}}
	f.Add(messages...)
	f.net = &piped{srv: f.Server}
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

// answers is a Hook with replies to some commands.
func answers(replies map[string]string) func(string) string {
	return func(command string) string { return replies[command] }
}

// three are messages of which two share an identifier.
func three() []popbox.Message {
	return []popbox.Message{{ID: "a", Text: "one\r\n"}, {ID: "b", Text: "two\r\n.\r\n"}, {ID: "a", Text: "three\r\n"}}
}
