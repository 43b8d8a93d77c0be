package imapwatch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// text returns the text of the position of a mailbox.
func text(t *testing.T, positions map[string]imapwatch.Position, mailbox string) string {
	t.Helper()
	b, err := positions[mailbox].MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A File has what was saved, for names of any kind, when it is loaded again.
func TestFile(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "positions")
	want := map[string]string{}
	for i, name := range []string{"INBOX", "a\tb", "Größe \"x\"\n", "", "INBOX"} {
		p := imapwatch.File(path)
		had, err := p.Load(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for mailbox, w := range want {
			if got := text(t, had, mailbox); got != w {
				t.Errorf("%q is %q, want %q", mailbox, got, w)
			}
		}
		if len(had) != len(want) {
			t.Errorf("%d positions, want %d", len(had), len(want))
		}
		had["other"] = imapwatch.Position{} // the map is the caller's
		position := imapwatch.At(uint32(i), 5, imap.UIDSet{{Start: 1, Stop: 9}})
		if err := p.Save(ctx, name, position); err != nil {
			t.Fatal(err)
		}
		want[name] = text(t, map[string]imapwatch.Position{"": position}, "")
		if err := p.Release(); err != nil {
			t.Fatal(err)
		}
	}
}

// A file of another kind is an error, and is left as it is.
func TestFileForeign(t *testing.T) {
	for _, content := range []string{"x", "INBOX\t1 2\n", "\"INBOX\"\n", "\"INBOX\"\t1\n", "\"INBOX\"\t\n", "\"a\"\t1 2\n\n"} {
		path := filepath.Join(t.TempDir(), "positions")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the lock was released
			if _, err := imapwatch.File(path).Load(context.Background()); err == nil || !strings.Contains(err.Error(), "line ") {
				t.Errorf("%q: %v", content, err)
			}
		}
		if b, _ := os.ReadFile(path); string(b) != content {
			t.Errorf("%q became %q", content, b)
		}
	}
}

// A second process waits for the positions until the first has released them.
func TestFileLease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "positions")
	first, second := imapwatch.File(path), imapwatch.File(path)
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		if _, err := first.Load(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := first.Load(ctx); err == nil {
			t.Error("loaded twice")
		}
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if _, err := second.Load(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := errors.Join(second.Save(ctx, "a", imapwatch.Position{}), second.Release()); err == nil || strings.Count(err.Error(), "not loaded") != 2 {
			t.Error(err)
		}
		time.AfterFunc(time.Hour, func() {
			first.Save(ctx, "INBOX", imapwatch.At(1, 2, nil))
			first.Release()
		})
		begun := time.Now()
		had, err := second.Load(ctx)
		if err != nil || text(t, had, "INBOX") != "1 2" || time.Since(begun) < time.Hour {
			t.Errorf("%v, %v after %v", had, err, time.Since(begun))
		}
		second.Release()
	})
}

// A position that could not be synced is not saved: the file has the old one.
func TestFileSync(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "positions")
	p := imapwatch.File(path)
	if _, err := p.Load(ctx); err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	synced := 0
	imapwatch.OnSync(p, func(f *os.File) error {
		if synced++; synced == 2 {
			return errDisk
		}
		return f.Sync()
	})
	for i, want := range []error{nil, errDisk, nil} {
		if err := p.Save(ctx, "INBOX", imapwatch.At(uint32(i), 0, nil)); !errors.Is(err, want) {
			t.Error(err)
		}
		if b, _ := os.ReadFile(path); string(b) != []string{"\"INBOX\"\t0 0\n", "\"INBOX\"\t0 0\n", "\"INBOX\"\t2 0\n"}[i] {
			t.Errorf("the file has %q", b)
		}
	}
	lock, _ := filepath.Glob(path + ".*")
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(lock) != 1 || left != nil {
		t.Errorf("left are %q, %q", lock, left)
	}
	if synced != 3 {
		t.Errorf("%d syncs", synced)
	}
}
