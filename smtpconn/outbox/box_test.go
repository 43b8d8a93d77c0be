package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// box is an outbox, with what was told.
type box struct {
	*outbox.Outbox
	t   testing.TB
	dir string
	cfg outbox.Config

	mu      sync.Mutex
	results []outbox.Result
	doubts  []outbox.Result
	refuse  error // what Config.Result returns
}

// newDir returns a name for a directory.
func newDir(t testing.TB) string { return filepath.Join(t.TempDir(), "outbox") }

// prepare returns a box that is not open, with pools for the servers.
func prepare(t testing.TB, dir string, c outbox.Config, servers ...*server) *box {
	t.Helper()
	b := &box{t: t, dir: dir}
	for _, s := range servers {
		c.Relays = append(c.Relays, newPool(t, s, 2))
	}
	c.Result = func(_ context.Context, r outbox.Result) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.results = append(b.results, r)
		return b.refuse
	}
	c.Doubt = func(_ context.Context, r outbox.Result) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.doubts = append(b.doubts, r)
	}
	b.cfg = c
	return b
}

// open opens an outbox. It is closed at the end of the test, if the test has not.
func open(t testing.TB, dir string, c outbox.Config, servers ...*server) *box {
	t.Helper()
	b := prepare(t, dir, c, servers...)
	b.start(outbox.SystemCalls())
	return b
}

func (b *box) start(calls outbox.Calls) {
	b.t.Helper()
	o, err := outbox.OpenWith(b.t.Context(), b.dir, b.cfg, calls)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Outbox = o
}

func (b *box) put(id string, to ...string) error {
	e, content := mail(id, to...)
	return b.Put(context.Background(), id, e, content)
}

func (b *box) mustPut(id string, to ...string) {
	b.t.Helper()
	if err := b.put(id, to...); err != nil {
		b.t.Fatal(err)
	}
}

// drain waits until nothing waits and all is told.
func (b *box) drain() {
	b.t.Helper()
	for range 100_000 {
		s := b.Stats()
		if s.Waiting == 0 && s.Untold == 0 {
			time.Sleep(time.Second) // of the bubble's clock, for the last handler
			return
		}
		time.Sleep(time.Second)
	}
	b.t.Fatalf("it never ends: %+v", b.Stats())
}

func (b *box) close() {
	b.t.Helper()
	if err := b.Close(context.Background()); err != nil {
		b.t.Error(err)
	}
}

// told returns what was told, a line for each recipient.
func (b *box) told() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var s []string
	for _, r := range b.results {
		end := "accepted"
		if r.Err != nil {
			end = r.Err.Error()
		}
		s = append(s, fmt.Sprintf("%s %s: %s", r.ID, r.Recipient, end))
	}
	for _, r := range b.doubts {
		s = append(s, fmt.Sprintf("%s %s: doubt", r.ID, r.Recipient))
	}
	return strings.Join(s, "\n")
}

// count returns how many results and how many doubts were told.
func (b *box) count() (results, doubts int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.results), len(b.doubts)
}

// inDoubt returns which messages have a recipient in doubt.
func (b *box) inDoubt() map[string]bool {
	ids := map[string]bool{}
	for _, r := range b.Doubtful() {
		ids[r.ID] = true
	}
	return ids
}

// expect fails the test unless what was told is as wanted.
func (b *box) expect(want ...string) {
	b.t.Helper()
	if got := b.told(); got != strings.Join(want, "\n") {
		b.t.Errorf("told:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// expectTaken fails the test unless the server took what is wanted, each once.
func expectTaken(t testing.TB, s *server, want ...string) {
	t.Helper()
	got := s.taken()
	for _, w := range want {
		if got[w] != 1 {
			t.Errorf("%s was taken %d times", w, got[w])
		}
	}
	if len(got) != len(want) {
		t.Errorf("taken: %v, want %v", got, want)
	}
}

var errNotNow = errors.New("not now")
