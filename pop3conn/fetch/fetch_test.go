package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/popbox"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/fetch"
)

// memory is a Seen that lasts for a test.
type memory map[string]time.Time

func (m memory) Stored(key string) (time.Time, bool) { at, ok := m[key]; return at, ok }

func (m memory) Store(key string, at time.Time) error { m[key] = at; return nil }

func (m memory) Keep(keep func(string) bool) error {
	for key := range m {
		if !keep(key) {
			delete(m, key)
		}
	}
	return nil
}

func serve(t *testing.T, letters ...popbox.Message) *popbox.Server {
	t.Helper()
	srv, err := popbox.New(letters...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	return srv
}

func connect(t *testing.T, srv *popbox.Server) *pop3conn.Client {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	e := dial.Endpoint{Protocol: policy.POP3, Host: "localhost", Policy: policy.NoTLS}
	c, err := new(dial.Dialer).NewConn(context.Background(), conn, e)
	if err != nil {
		t.Fatal(err)
	}
	client, err := pop3conn.New(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// store keeps messages by key and complains about a second one.
func store(t *testing.T, into map[string]string) func(*fetch.Message) error {
	return func(m *fetch.Message) error {
		b, err := io.ReadAll(m)
		if _, twice := into[m.Key]; twice {
			t.Errorf("message %q came twice", m.Key)
		}
		if err == nil {
			into[m.Key] = string(b)
		}
		return err
	}
}

func box() []popbox.Message {
	return []popbox.Message{{ID: "a", Text: "one\r\n"}, {ID: "b", Text: "two\r\n.\r\n"}, {ID: "a", Text: "three\r\n"}}
}

// TestNew: what was stored is not fetched again, identifiers that are shared
// included, and nothing is deleted unless Options say so.
func TestNew(t *testing.T) {
	srv := serve(t, box()...)
	got, seen := map[string]string{}, memory{}
	for run, want := range []fetch.Result{{Listed: 3, New: 3, Stored: 3}, {Listed: 3}, {Listed: 4, New: 1, Stored: 1}} {
		if run == 2 {
			srv.Add(popbox.Message{ID: "c", Text: "four\r\n"})
		}
		c := connect(t, srv)
		begun := -1
		result, err := fetch.Mail(context.Background(), c, &fetch.Options{Seen: seen, Begin: func(n int, size int64) { begun = n }}, store(t, got))
		if err != nil || result != want || begun != want.New || c.Quit(context.Background()) != nil {
			t.Errorf("run %d: %+v, %v", run, result, err)
		}
	}
	want := map[string]string{"a": "one\r\n", "b": "two\r\n.\r\n", "a 2": "three\r\n", "c": "four\r\n"}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(srv.Messages()) != 4 {
		t.Errorf("%q", got)
	}
}

// TestDelete: what was stored is deleted at its age, in the same session if
// that is none, and nothing else ever.
func TestDelete(t *testing.T) {
	hour := func(n int) time.Time { return time.Now().Add(-time.Duration(n) * time.Hour) }
	for _, tt := range []struct {
		age  time.Duration
		del  bool
		left string
	}{{0, false, "[a b a]"}, {0, true, "[]"}, {5 * time.Hour, true, "[b a]"}, {20 * time.Hour, true, "[a b a]"}} {
		srv := serve(t, box()...)
		c := connect(t, srv)
		seen := memory{"a": hour(10), "b": hour(2)}
		result, err := fetch.Mail(context.Background(), c, &fetch.Options{Seen: seen, Delete: tt.del, Age: tt.age}, store(t, map[string]string{}))
		if err != nil || result.Stored != 1 {
			t.Errorf("%+v, %v", result, err)
		}
		if c.Quit(context.Background()) != nil {
			t.Error("QUIT")
		}
		var left []string
		for _, l := range srv.Messages() {
			left = append(left, l.ID)
		}
		if fmt.Sprint(left) != tt.left || result.Deleted != 3-len(left) {
			t.Errorf("delete %v at %v: left %v, %+v", tt.del, tt.age, left, result)
		}
	}
}

// TestNotStored: whatever keeps a message from being stored keeps it on the
// server and out of the notes.
func TestNotStored(t *testing.T) {
	full := errors.New("disk full")
	for name, tt := range map[string]struct {
		store  func(*fetch.Message) error
		want   error
		stored int
	}{
		"error":  {func(m *fetch.Message) error { io.Copy(io.Discard, m); return full }, full, 0},
		"unread": {func(m *fetch.Message) error { return nil }, fetch.ErrUnread, 0},
		"half":   {func(m *fetch.Message) error { m.Read(make([]byte, 2)); return nil }, fetch.ErrUnread, 0},
		"closed": {func(m *fetch.Message) error { return m.Close() }, fetch.ErrUnread, 0},
		"second only": {func(m *fetch.Message) error {
			io.Copy(io.Discard, m)
			if m.Msg == 2 {
				return full
			}
			return nil
		}, full, 1},
	} {
		srv := serve(t, box()...)
		c := connect(t, srv)
		seen := memory{}
		result, err := fetch.Mail(context.Background(), c, &fetch.Options{Seen: seen, Delete: true}, tt.store)
		if !errors.Is(err, tt.want) || result.Stored != tt.stored || len(seen) != tt.stored || result.Deleted != 0 {
			t.Errorf("%s: %+v, %v, %v", name, result, err, seen)
		}
		c.Quit(context.Background())
		if len(srv.Messages()) != 3 {
			t.Errorf("%s: deleted a message", name)
		}
	}
}

// TestCutOff: a message that was cut short is not stored, even if the function
// does not notice.
func TestCutOff(t *testing.T) {
	srv := serve(t, box()...)
	c := connect(t, srv)
	seen := memory{}
	_, err := fetch.Mail(context.Background(), c, &fetch.Options{Seen: seen, Delete: true}, func(m *fetch.Message) error {
		if m.Msg == 2 {
			c.Abort()
			m.Read(make([]byte, 1))
			return nil
		}
		_, err := io.Copy(io.Discard, m)
		return err
	})
	if !errors.Is(err, fetch.ErrUnread) || len(seen) != 1 {
		t.Errorf("%v, %v", err, seen)
	}
}

// TestRefused: messages that the server does not give are reported, and the
// others fetched and deleted.
func TestRefused(t *testing.T) {
	srv := serve(t, box()...)
	srv.Hook = func(command string) string {
		return map[string]string{"RETR 2": "-ERR [SYS/TEMP] later\r\n", "DELE 3": "-ERR no\r\n"}[command]
	}
	c := connect(t, srv)
	got, seen := map[string]string{}, memory{}
	result, err := fetch.Mail(context.Background(), c, &fetch.Options{Seen: seen, Delete: true}, store(t, got))
	var refused *pop3conn.Error
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "RETR 2") || !strings.Contains(err.Error(), "DELE 3") {
		t.Errorf("%v", err)
	}
	if want := (fetch.Result{Listed: 3, New: 3, Stored: 2, Deleted: 1}); result != want || c.Quit(context.Background()) != nil || len(srv.Messages()) != 2 {
		t.Errorf("%+v, left %v", result, srv.Messages())
	}
}

// TestShared: as long as one of several messages with the same identifier is not
// stored none of them is deleted, or it would pass for the one that went.
func TestShared(t *testing.T) {
	srv := serve(t, box()...)
	refuse := true
	srv.Hook = func(command string) string {
		if refuse && command == "RETR 3" {
			return "-ERR later\r\n"
		}
		return ""
	}
	got, seen := map[string]string{}, memory{}
	for run := range 2 {
		refuse = run == 0
		c := connect(t, srv)
		_, err := fetch.Mail(context.Background(), c, &fetch.Options{Seen: seen, Delete: true}, store(t, got))
		if refuse != (err != nil) || c.Quit(context.Background()) != nil {
			t.Errorf("run %d: %v", run, err)
		}
	}
	if got["a"] != "one\r\n" || got["a 2"] != "three\r\n" || len(srv.Messages()) != 0 {
		t.Errorf("%q, left %v", got, srv.Messages())
	}
}

// TestForget: what is gone from the server is forgotten, but not for an empty
// list.
func TestForget(t *testing.T) {
	seen := memory{"gone": time.Now()}
	for _, letters := range [][]popbox.Message{nil, box()} {
		if _, err := fetch.Mail(context.Background(), connect(t, serve(t, letters...)), &fetch.Options{Seen: seen}, store(t, map[string]string{})); err != nil {
			t.Fatal(err)
		}
		if _, ok := seen["gone"]; ok != (letters == nil) {
			t.Errorf("%d listed: %v", len(letters), seen)
		}
	}
	if _, err := fetch.Mail(context.Background(), nil, nil, nil); err == nil {
		t.Error("nil options")
	}
}
