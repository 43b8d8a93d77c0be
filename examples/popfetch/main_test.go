package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/popbox"
)

// TestMain makes the test binary the program, in processes that are killed.
func TestMain(m *testing.M) {
	child.Main(m, map[string]func([]string) error{"popfetch": func([]string) error { main(); return nil }})
}

func serve(t testing.TB, letters ...popbox.Message) *popbox.Server {
	t.Helper()
	srv, err := popbox.New(letters...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	return srv
}

// command is a command line for a server and a Maildir.
func command(t testing.TB, srv *popbox.Server, dir string, flags ...string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(flags, "-user", "me", "-password-file", file, "-insecure-auth")
	return append(args, "pop3+plain://"+srv.Addr(), dir)
}

func expect(t *testing.T, status int, args []string, want ...string) {
	t.Helper()
	var out bytes.Buffer
	if got := run(t.Context(), args, strings.NewReader(""), &out, &out); got != status {
		t.Errorf("%q: status %d\n%s", args, got, out.String())
	}
	for _, text := range want {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q: no %q in\n%s", args, text, out.String())
		}
	}
}

// saved returns how often each message is in a Maildir.
func saved(t testing.TB, dir string) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(dir, sub, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			count[string(b)]++
		}
	}
	return count
}

func once(t testing.TB, dir string, letters []popbox.Message) {
	t.Helper()
	count := saved(t, dir)
	for _, l := range letters {
		if count[l.Text] != 1 {
			t.Errorf("message %.20q: %d times", l.Text, count[l.Text])
		}
	}
	if len(count) != len(letters) {
		t.Errorf("%d messages for %d", len(count), len(letters))
	}
}

// batch makes messages, two of which share an identifier.
func batch(name string, n int) []popbox.Message {
	list := make([]popbox.Message, n)
	for i := range list {
		list[i] = popbox.Message{
			ID:   fmt.Sprintf("%s/%d:x", name, max(i, 1)),
			Text: fmt.Sprintf("Subject: %s %d\r\n\r\n.%s\r\n", name, i, strings.Repeat("y", 2000)),
		}
	}
	return list
}

func TestSave(t *testing.T) {
	letters := batch("a", 5)
	srv, dir := serve(t, letters...), filepath.Join(t.TempDir(), "mail")
	expect(t, statusOK, command(t, srv, dir), "5 new messages, 10.", "5 on the server, 5 new, 5 saved, 0 deleted")
	once(t, dir, letters)
	expect(t, statusOK, command(t, srv, dir, "-no-pipelining"), "5 on the server, 0 new, 0 saved, 0 deleted")
	expect(t, statusOK, command(t, srv, dir, "-delete", "1"), "0 deleted")
	expect(t, statusOK, command(t, srv, dir, "-delete", "0"), "0 saved, 5 deleted")
	once(t, dir, letters)
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) != 0 || len(srv.Messages()) != 0 {
		t.Errorf("in tmp %v, on the server %v", left, srv.Messages())
	}
}

// TestNotNoted: messages that were saved but not noted are not saved again,
// wherever a mail program has moved them.
func TestNotNoted(t *testing.T) {
	letters := batch("a", 4)
	srv, dir := serve(t, letters...), t.TempDir()
	expect(t, statusOK, command(t, srv, dir), "4 saved")
	files, _ := filepath.Glob(filepath.Join(dir, "new", "*"))
	for _, f := range files[:2] {
		if err := os.Rename(f, filepath.Join(dir, "cur", filepath.Base(f)+":2,S")); err != nil {
			t.Fatal(err)
		}
	}
	os.Remove(filepath.Join(dir, "popfetch-seen"))
	expect(t, statusOK, command(t, srv, dir), "4 new")
	once(t, dir, letters)
}

// TestSweep: what a killed run left in tmp goes after 36 hours; other
// programs' files stay.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	if _, err := openMaildir(dir); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	for name, age := range map[string]time.Time{"a.popfetch.1": old, "b.popfetch.2": time.Now(), "c": old} {
		f := filepath.Join(dir, "tmp", name)
		os.WriteFile(f, nil, 0o600)
		os.Chtimes(f, age, age)
	}
	if _, err := openMaildir(dir); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "tmp", "*"))
	if len(left) != 2 || filepath.Base(left[0]) != "b.popfetch.2" || filepath.Base(left[1]) != "c" {
		t.Errorf("%q", left)
	}
}

func TestFailures(t *testing.T) {
	srv, dir := serve(t, batch("a", 3)...), t.TempDir()
	srv.Hook = func(command string) string {
		return map[string]string{"RETR 2": "-ERR [SYS/TEMP] later\r\n"}[command]
	}
	expect(t, statusFailed, command(t, srv, dir, "-delete", "0"), "RETR 2", "later")
	if len(saved(t, dir)) != 2 {
		t.Error(saved(t, dir))
	}
	expect(t, statusFailed, command(t, srv, t.TempDir(), "-max-size", "100"), "MaxMessageSize")
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	expect(t, statusFailed, command(t, srv, file))
	expect(t, statusFailed, command(t, srv, dir, "-ca", file), "no certificate")
	expect(t, statusFailed, []string{"-user", "me", "pop3+plain://" + srv.Addr(), dir}, "password")
}

func TestUsage(t *testing.T) {
	expect(t, statusOK, []string{"-h"}, "usage: popfetch", "-delete DAYS", "MAILDIR")
	for _, args := range [][]string{nil, {"-user", "x"}, {"pop3s://a", "b"}, {"-user", "x", "imaps://a", "b"}, {"-what"}, {"-user", "x", "-timeout", "0s", "pop3s://a", "b"}} {
		expect(t, statusUsage, args, "-h for help")
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.begin(4, 4_000_000)
	p.messages, p.bytes = 1, 1_000_000
	if got, want := p.line(2*time.Second), "1/4 messages  1.0 MB of 4.0 MB  500.0 kB/s  6s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.terminal, p.every = true, 0
	p.saved(10)
	p.end()
	if text := out.String(); !strings.HasPrefix(text, "4 new messages, 4.0 MB\n\r2/4") || !strings.HasSuffix(text, "\n") {
		t.Errorf("%q", text)
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 2_500_000_000: "2.5 GB"} {
		if got := amount(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
