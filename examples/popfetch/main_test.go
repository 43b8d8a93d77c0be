package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/savetest"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

var expect = savetest.Program(run).Expect

// TestMain makes the test binary the program, in processes that are killed.
func TestMain(m *testing.M) {
	child.Main(m, map[string]func([]string) error{"popfetch": func([]string) error { main(); return nil }})
}

func serve(t testing.TB, letters ...mailstore.Message) *dialtest.Server {
	t.Helper()
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, NoSTARTTLS: true, LoginInClear: true})
	srv.Store().Inbox().Add(letters...)
	return srv
}

// command is a command line for a server and a Maildir.
func command(t testing.TB, srv *dialtest.Server, dir string, flags ...string) []string {
	t.Helper()
	args := append(flags, "-user", "user", "-password-file", savetest.File(t, "secret\n"), "-insecure-auth")
	return append(args, "pop3+plain://"+srv.Addr(), dir)
}

// once fails the test unless each message was saved, and once.
func once(t testing.TB, dir string, letters []mailstore.Message) {
	t.Helper()
	texts := make([]string, len(letters))
	for i, l := range letters {
		texts[i] = l.Text
	}
	savetest.Once(t, dir, texts)
}

// batch makes messages, two of which share an identifier.
func batch(name string, n int) []mailstore.Message {
	list := make([]mailstore.Message, n)
	for i := range list {
		list[i] = mailstore.Message{
			ID:   fmt.Sprintf("%s/%d:x", name, max(i, 1)),
			Text: fmt.Sprintf("Subject: %s %d\r\n\r\n.%s\r\n", name, i, strings.Repeat("y", 2000)),
		}
	}
	return list
}

func TestSave(t *testing.T) {
	letters := batch("a", 5)
	srv, dir := serve(t, letters...), filepath.Join(t.TempDir(), "mail")
	expect(t, cli.StatusOK, command(t, srv, dir), "5 new messages, 10.", "5 on the server, 5 new, 5 saved, 0 deleted")
	once(t, dir, letters)
	expect(t, cli.StatusOK, command(t, srv, dir, "-no-pipelining"), "5 on the server, 0 new, 0 saved, 0 deleted")
	expect(t, cli.StatusOK, command(t, srv, dir, "-delete", "1"), "0 deleted")
	expect(t, cli.StatusOK, command(t, srv, dir, "-delete", "0"), "0 saved, 5 deleted")
	once(t, dir, letters)
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) != 0 || len(srv.Mailbox()) != 0 {
		t.Errorf("in tmp %v, on the server %v", left, srv.Mailbox())
	}
}

// TestNotNoted: messages that were saved but not noted are not saved again,
// wherever a mail program has moved them.
func TestNotNoted(t *testing.T) {
	letters := batch("a", 4)
	srv, dir := serve(t, letters...), t.TempDir()
	expect(t, cli.StatusOK, command(t, srv, dir), "4 saved")
	files, _ := filepath.Glob(filepath.Join(dir, "new", "*"))
	for _, f := range files[:2] {
		if err := os.Rename(f, filepath.Join(dir, "cur", filepath.Base(f)+":2,S")); err != nil {
			t.Fatal(err)
		}
	}
	for _, note := range notes(t, dir) {
		os.Remove(note)
	}
	expect(t, cli.StatusOK, command(t, srv, dir), "4 new")
	once(t, dir, letters)
}

// TestServers: another server's messages are others, whatever identifiers it gives them.
func TestServers(t *testing.T) {
	dir := t.TempDir()
	var all []mailstore.Message
	for _, name := range []string{"a", "b"} {
		letters := batch(name, 3)
		all = append(all, letters...)
		srv := serve(t, letters...)
		expect(t, cli.StatusOK, command(t, srv, dir, "-delete", "0"), "3 new, 3 saved, 3 deleted")
		once(t, dir, all)
	}
	if len(notes(t, dir)) != 2 {
		t.Error(notes(t, dir))
	}
}

// notes returns the files that note what was saved.
func notes(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "popfetch-seen-????????????????"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFailures(t *testing.T) {
	srv, dir := serve(t, batch("a", 3)...), t.TempDir()
	if err := srv.Order(dialtest.Rule{At: "RETR 2", Reply: "-ERR [SYS/TEMP] later"}); err != nil {
		t.Fatal(err)
	}
	expect(t, cli.StatusFailed, command(t, srv, dir, "-delete", "0"), "RETR 2", "later")
	if saved := savetest.Saved(t, dir); len(saved) != 2 {
		t.Error(saved)
	}
	expect(t, cli.StatusFailed, command(t, srv, t.TempDir(), "-max-size", "100"), "MaxMessageSize")
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	expect(t, cli.StatusFailed, command(t, srv, file))
	expect(t, cli.StatusFailed, command(t, srv, dir, "-ca", file), "no certificate")
	expect(t, cli.StatusFailed, []string{"-user", "me", "pop3+plain://" + srv.Addr(), dir}, "password")
}

func TestUsage(t *testing.T) {
	expect(t, cli.StatusOK, []string{"-h"}, "usage: popfetch", "-delete DAYS", "MAILDIR")
	for _, args := range [][]string{nil, {"-user", "x"}, {"pop3s://a", "b"}, {"-user", "x", "imaps://a", "b"}, {"-what"}, {"-user", "x", "-timeout", "0s", "pop3s://a", "b"}} {
		expect(t, cli.StatusUsage, args, "-h for help")
	}
}
