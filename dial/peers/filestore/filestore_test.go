package filestore_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/dial/peers/storetest"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func peer(i int) peers.Peer {
	return peers.Peer{Protocol: policy.IMAP, Host: fmt.Sprintf("host-%d.test", i), Port: 143}
}

// record returns the record of a session some minutes after start.
func record(minutes int) peers.Record {
	seen := start.Add(time.Duration(minutes) * time.Minute)
	return peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: tls.VersionTLS13,
		Leaf: trust.KeyHash{1}, Issuer: trust.KeyHash{2}, Mechanisms: peers.MechanismSet("PLAIN", "SCRAM-SHA-256"),
		FirstSeen: seen, LastSeen: seen, Lifetime: time.Hour,
	}
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "peers") }

func open(t testing.TB, path string) *filestore.Store {
	t.Helper()
	s, err := filestore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func remember(t testing.TB, s *filestore.Store, p peers.Peer, r peers.Record) {
	t.Helper()
	if err := s.Remember(t.Context(), p, r); err != nil {
		t.Fatal(err)
	}
}

// all returns the records of a store.
func all(t testing.TB, s *filestore.Store) map[peers.Peer]peers.Record {
	t.Helper()
	list, err := list(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func list(ctx context.Context, s *filestore.Store) (map[peers.Peer]peers.Record, error) {
	list := map[peers.Peer]peers.Record{}
	err := s.Each(ctx, func(p peers.Peer, r peers.Record) error {
		list[p] = r
		return nil
	})
	return list, err
}

func contents(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestContract(t *testing.T) {
	for name, slack := range map[string]int{"journal": 1 << 30, "written anew each time": -1 << 30} {
		path := newPath(t)
		s := open(t, path)
		s.SetSlack(slack)
		if err := storetest.TestStore(t.Context(), s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, want := all(t, open(t, path)), all(t, s); !maps.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: opened again it has %v, want %v", name, got, want)
		}
	}
}

// Times are kept in whole seconds, and a record is not valid for a shorter time.
func TestFractions(t *testing.T) {
	path := newPath(t)
	r := record(0)
	r.FirstSeen, r.LastSeen = r.FirstSeen.Add(-time.Millisecond), r.LastSeen.Add(time.Millisecond).Local()
	r.Lifetime = time.Minute + time.Millisecond
	remember(t, open(t, path), peer(1), r)
	want := record(0)
	want.FirstSeen, want.Lifetime = start.Add(-time.Second), time.Minute+time.Second
	if got, err := open(t, path).Recall(t.Context(), peer(1)); err != nil || *got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestRefused(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	before := contents(t, path)
	late := record(0)
	late.LastSeen = time.Date(9999, 12, 31, 23, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		p peers.Peer
		r peers.Record
	}{
		{peers.Peer{Protocol: policy.IMAP, Host: "H.test", Port: 143}, record(0)},
		{peers.Peer{Protocol: policy.IMAP, Host: "h\".test", Port: 143}, record(0)},
		{peers.Peer{Protocol: policy.IMAP, Host: "h.test"}, record(0)},
		{peers.Peer{Host: "h.test", Port: 143}, record(0)},
		{peers.Peer{}, record(0)},
		{peer(1), peers.Record{}},
		{peer(1), late},
	} {
		if err := s.Remember(t.Context(), c.p, c.r); err == nil {
			t.Errorf("%v, %+v: taken", c.p, c.r)
		}
	}
	if now := contents(t, path); now != before {
		t.Errorf("the file has\n%s", now)
	}
}

// A record that two valid ones would make, and that cannot be written, is refused: the file
// stays readable.
func TestMergedOutOfRange(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	late, long := record(0), record(1)
	late.LastSeen = time.Date(9999, 12, 31, 12, 0, 0, 0, time.UTC)
	long.Verified, long.Lifetime = trust.Pinned, 200*365*24*time.Hour
	remember(t, s, peer(1), late)
	if err := s.Remember(t.Context(), peer(1), long); err == nil {
		t.Error("taken")
	}
	if got, err := open(t, path).Recall(t.Context(), peer(1)); err != nil || *got != late {
		t.Errorf("%+v, %v", got, err)
	}
}

// A context that is nil is an error.
func TestNoContext(t *testing.T) {
	s := open(t, newPath(t))
	var none context.Context
	_, opened := filestore.Open(none, newPath(t))
	_, recalled := s.Recall(none, peer(1))
	for name, err := range map[string]error{
		"Open": opened, "Recall": recalled, "Remember": s.Remember(none, peer(1), record(1)), "Forget": s.Forget(none, peer(1)),
		"Each": s.Each(none, func(peers.Peer, peers.Record) error { return nil }),
	} {
		if err == nil || err.Error() != "filestore: nil context" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestForgetAndEach(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	for i := range 3 {
		remember(t, s, peer(i), record(i))
	}
	for _, p := range []peers.Peer{peer(9), {Host: "\"\n"}} {
		before := contents(t, path)
		if err := s.Forget(t.Context(), p); err != nil || contents(t, path) != before {
			t.Errorf("unknown server: %v, and the file is\n%s", err, contents(t, path))
		}
	}
	if err := s.Forget(t.Context(), peer(1)); err != nil {
		t.Error(err)
	}
	want := map[peers.Peer]peers.Record{peer(0): record(0), peer(2): record(2)}
	if got := all(t, open(t, path)); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	err := s.Each(t.Context(), func(p peers.Peer, _ peers.Record) error { return s.Forget(t.Context(), p) })
	if got := all(t, s); err != nil || len(got) != 0 {
		t.Errorf("left %v, %v", got, err)
	}
	remember(t, s, peer(1), record(1))
	enough := errors.New("enough")
	if err := s.Each(t.Context(), func(peers.Peer, peers.Record) error { return enough }); err != enough {
		t.Errorf("each: %v", err)
	}
}

func TestClose(t *testing.T) {
	s := open(t, newPath(t))
	remember(t, s, peer(1), record(1))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := s.Recall(t.Context(), peer(1))
	_, each := list(t.Context(), s)
	for _, err := range []error{err, each, s.Remember(t.Context(), peer(1), record(2)), s.Forget(t.Context(), peer(1))} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
}

// Each line of the file is a JSON object in plain words.
func TestReadable(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	remember(t, s, peer(1), record(1))
	if err := s.Forget(t.Context(), peer(1)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(contents(t, path)), "\n")
	for i, want := range []map[string]string{
		{"format": "mailconn peers 1", "records": "0"},
		{
			"peer": "imap host-1.test:143", "policy": "required-starttls", "verified": "pkix", "tls": "TLS 1.3",
			"leaf": "01" + strings.Repeat("0", 62), "issuer": "02" + strings.Repeat("0", 62), "mechanisms": "PLAIN SCRAM-SHA-256",
			"first_seen": "2026-03-01T12:01:00Z", "last_seen": "2026-03-01T12:01:00Z", "expires": "2026-03-01T13:01:00Z",
		},
		{"forget": "imap host-1.test:143"},
	} {
		got := map[string]string{}
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		delete(got, "sum")
		delete(got, "generation")
		if !maps.Equal(got, want) {
			t.Errorf("line %d: %v, want %v", i+1, got, want)
		}
	}
}

// A file with many changes of a few records does not grow without limit.
func TestCompaction(t *testing.T) {
	path := newPath(t)
	s, other := open(t, path), open(t, path)
	s.SetSlack(20)
	if err := os.WriteFile(path+".new", []byte("left by a writer that was stopped\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		remember(t, s, peer(i%5), record(i))
		if got, err := other.Recall(t.Context(), peer(i%5)); err != nil || got == nil || !got.LastSeen.Equal(record(i).LastSeen) {
			t.Fatalf("another sees %+v, %v", got, err)
		}
		if n := strings.Count(contents(t, path), "\n"); n > 31 {
			t.Fatalf("%d lines", n)
		}
	}
	if got, want := all(t, open(t, path)), all(t, s); !maps.Equal(got, want) || len(want) != 5 {
		t.Errorf("got %v, want %v", got, want)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) != 2 {
		t.Errorf("beside the file and its lock: %q", left)
	}
}
