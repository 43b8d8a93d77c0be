package fetch_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/internal/test/popbox"
	"github.com/mailconn/mailconn/pop3conn/fetch"
)

// What was marked as deleted is forgotten, so that another message with its
// identifier does not pass for stored.
func TestDeletedIsForgotten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "seen")
	seen, err := fetch.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	srv := serve(t, popbox.Message{ID: "X", Text: "one\r\n"})
	got := []string{}
	store := func(m *fetch.Message) error {
		text, err := io.ReadAll(m)
		got = append(got, string(text))
		return err
	}
	for range 2 {
		c := connect(t, srv)
		if _, err := fetch.Mail(context.Background(), c, &fetch.Options{Seen: seen, Delete: true}, store); err != nil {
			t.Fatal(err)
		}
		if err := c.Quit(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, stored := seen.Stored("X"); stored {
			t.Error("X is still known")
		}
		srv.Add(popbox.Message{ID: "X", Text: "two\r\n"})
	}
	if len(got) != 2 || !strings.Contains(got[1], "two") {
		t.Errorf("stored %q", got)
	}
}

// A line that could not be written whole is mended before the next.
func TestTornLineIsMended(t *testing.T) {
	name := filepath.Join(t.TempDir(), "seen")
	seen, err := fetch.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := seen.Store("a", time.Now()); err != nil {
		t.Fatal(err)
	}
	seen.Close() // the next write fails
	if err := seen.Store("b", time.Now()); err == nil {
		t.Fatal("written to a closed file")
	}
	half, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(half, "2026-1")
	half.Close()
	if err := seen.Store("c", time.Now()); err != nil {
		t.Fatal(err)
	}
	seen.Close()
	again, err := fetch.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for key, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if _, ok := again.Stored(key); ok != want {
			t.Errorf("%s: stored %v", key, ok)
		}
	}
}
