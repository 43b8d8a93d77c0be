package filestore_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
)

// full reports whether the tests try all cases, which takes longer.
func full() bool { return os.Getenv("MAILCONN_FULL") != "" }

// journal returns the text of a file with all kinds of lines, and the records that it
// has after each number of lines.
func journal(t *testing.T) (text []byte, states []map[peers.Peer]peers.Record) {
	path := newPath(t)
	s := open(t, path)
	remember(t, s, peer(0), record(0))
	s.SetSlack(-100)
	remember(t, s, peer(1), record(1))
	s.SetSlack(100)
	states = append(states, nil, nil, nil, all(t, s)) // a file with fewer lines than it declares is corrupt
	for i := range 3 {
		remember(t, s, peer(2*i), record(i))
		states = append(states, all(t, s))
	}
	s.Forget(t.Context(), peer(1))
	return []byte(contents(t, path)), append(states, all(t, s))
}

// overwrite replaces the text of a file. It does not truncate it first, as os.WriteFile
// does, since some file systems then wait for the disk.
func overwrite(t *testing.T, path string, text []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(text, 0)
	if err := errors.Join(err, f.Truncate(int64(len(text))), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// opens opens a file with the given text, and returns the records or the error of Open.
// It fails the test if Open changes the file.
func opens(t *testing.T, path string, text []byte) (map[peers.Peer]peers.Record, error) {
	t.Helper()
	overwrite(t, path, text)
	s, err := filestore.Open(t.Context(), path)
	if err != nil {
		var bad *filestore.CorruptError
		if !errors.As(err, &bad) || bad.Path != path || bad.Line < 1 || bad.Line > 1+bytes.Count(text, []byte("\n")) {
			t.Errorf("error %v", err)
		}
	}
	if now := contents(t, path); now != string(text) {
		t.Errorf("opening changed the file to\n%s", now)
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return all(t, s), nil
}

// A truncated file has the records of its whole lines, or is refused. A record can be
// added to it.
func TestTruncated(t *testing.T) {
	text, states := journal(t)
	path := newPath(t)
	for n := range text {
		want := states[bytes.Count(text[:n], []byte("\n"))]
		got, err := opens(t, path, text[:n])
		if (err != nil) != (want == nil) || !maps.Equal(got, want) {
			t.Fatalf("%d of %d bytes: %v, %v; want %v", n, len(text), got, err, want)
		}
		if err != nil {
			continue
		}
		s := open(t, path)
		s.OnSync(func(*os.File) error { return nil })
		remember(t, s, peer(9), record(9))
		want = maps.Clone(want)
		want[peer(9)] = record(9)
		if got := all(t, open(t, path)); !maps.Equal(got, want) {
			t.Fatalf("%d of %d bytes, and one more record: %v; want %v", n, len(text), got, want)
		}
	}
}

// A file with one damaged byte is refused.
func TestDamaged(t *testing.T) {
	text, _ := journal(t)
	path := newPath(t)
	step := 3
	if full() {
		step = 1
	}
	for n := range text {
		for bit := n % step; bit < 8; bit += step {
			bad := bytes.Clone(text)
			bad[n] ^= 1 << bit
			if got, err := opens(t, path, bad); err == nil {
				t.Fatalf("byte %d is %q instead of %q: %v", n, bad[n], text[n], got)
			}
		}
		for _, c := range []byte("\n\x00 ") {
			bad := bytes.Clone(text)
			if bad[n] = c; bad[n] == text[n] {
				continue
			}
			if got, err := opens(t, path, bad); err == nil {
				t.Fatalf("byte %d is %q instead of %q: %v", n, bad[n], text[n], got)
			}
		}
	}
}

// A file that is damaged while it is in use is refused and not changed, until it is
// repaired.
func TestDamagedInUse(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	remember(t, s, peer(1), record(1))
	good := contents(t, path)
	lines := strings.SplitAfter(good, "\n")
	for name, bad := range map[string]string{
		"a foreign line":       good + "hello\n",
		"a long line":          good + strings.Repeat("x", 1<<20),
		"shorter":              lines[0],
		"empty":                "",
		"another file":         "From alice@example.org\n",
		"another, shorter one": "x",
		"a later version":      string(filestore.Seal([]string{"format", "mailconn peers 2"})),
		"no generation":        string(filestore.Seal([]string{"format", "mailconn peers 1", "generation", "", "records", "0"})),
	} {
		overwrite(t, path, []byte(bad))
		var corrupt *filestore.CorruptError
		for range 2 {
			_, err := s.Recall(t.Context(), peer(1))
			_, each := list(t.Context(), s)
			for _, err := range []error{err, each, s.Remember(t.Context(), peer(2), record(2)), s.Forget(t.Context(), peer(1))} {
				if !errors.As(err, &corrupt) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if now := contents(t, path); now != bad {
			t.Errorf("%s: the file became\n%s", name, now)
		}
		overwrite(t, path, []byte(good))
		if r, err := s.Recall(t.Context(), peer(1)); err != nil || r == nil {
			t.Errorf("%s, and good again: %v, %v", name, r, err)
		}
	}
}

// A file that was removed is an error, and not an empty file.
func TestGone(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	remember(t, s, peer(1), record(1))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err := s.Recall(t.Context(), peer(1))
	for _, err := range []error{err, s.Remember(t.Context(), peer(1), record(2))} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("gone: %v", err)
		}
	}
}
