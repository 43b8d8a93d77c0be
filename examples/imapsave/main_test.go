package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
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
	child.Main(m, map[string]func([]string) error{"imapsave": func([]string) error { main(); return nil }})
}

func serve(t testing.TB) *dialtest.Server {
	t.Helper()
	return testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, Implicit: true, User: "me", Password: "secret"})
}

// command is a command line for a server and a Maildir.
func command(t testing.TB, s *dialtest.Server, e dial.Endpoint, dir string, flags ...string) []string {
	t.Helper()
	password, ca := savetest.File(t, "secret\n"), savetest.File(t, string(s.CA().PEM()))
	return append(flags, "-user", "me", "-password-file", password, "-ca", ca, e.String(), dir)
}

// batch makes messages, no two of which are the same.
func batch(name string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("Subject: %s %d\r\n\r\n%s\r\n", name, i, strings.Repeat("y", 300))
	}
	return texts
}

func TestSave(t *testing.T) {
	s, dir := serve(t), filepath.Join(t.TempDir(), "mail")
	texts := append(batch("a", 5), strings.Repeat("0123456789abcd\r\n", 1<<17))
	s.Deliver(texts...)
	args := command(t, s, s.Endpoint(policy.ImplicitTLS), dir)
	expect(t, cli.StatusOK, args, "6 messages in INBOX: 0 here already, 6 to fetch, 2.1 MB\n", "\n6 fetched, 0 failed")
	savetest.Once(t, dir, texts)
	more := batch("b", 2)
	s.Deliver(more...)
	expect(t, cli.StatusOK, args, "8 messages in INBOX: 6 here already, 2 to fetch", "2 fetched, 0 failed")
	expect(t, cli.StatusOK, args, "8 messages in INBOX: 8 here already, 0 to fetch\n0 fetched, 0 failed")
	savetest.Once(t, dir, append(texts, more...))
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) != 0 {
		t.Errorf("in tmp %v", left)
	}
}

// A file has the message's date, and its flags where names may have a colon.
func TestFile(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	when := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	box, err := s.Store().Create("Entwürfe")
	if err != nil {
		t.Fatal(err)
	}
	box.Add(mailstore.Message{Text: "x\r\n", Date: when, Flags: []string{`\Seen`, `\Flagged`, "$Work"}})
	expect(t, cli.StatusOK, command(t, s, s.Endpoint(policy.ImplicitTLS), dir, "-mailbox", "Entwürfe"), "1 message in Entwürfe: 0 here already, 1 to fetch", "1 fetched")
	pattern := filepath.Join(dir, "cur", "*.imapsave:2,FS")
	if runtime.GOOS == "windows" {
		pattern = filepath.Join(dir, "new", "*.imapsave")
	}
	files, _ := filepath.Glob(pattern)
	if len(files) != 1 {
		t.Fatal(files)
	}
	if info, err := os.Stat(files[0]); err != nil || !info.ModTime().Equal(when) {
		t.Errorf("%v %v", info.ModTime(), err)
	}
}

// A mailbox that was made anew has other messages.
func TestMadeAnew(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	texts := batch("a", 3)
	s.Deliver(texts...)
	args := command(t, s, s.Endpoint(policy.ImplicitTLS), dir)
	expect(t, cli.StatusOK, args, "3 fetched")
	s.Store().Inbox().Renumber()
	expect(t, cli.StatusOK, args, "0 here already, 3 to fetch", "3 fetched")
}

func TestFailures(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	texts := batch("a", 3)
	s.Deliver(texts...)
	e := s.Endpoint(policy.ImplicitTLS)
	expect(t, cli.StatusFailed, command(t, s, e, dir, "-mailbox", "none"), `mailbox "none": `, "NO")
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	expect(t, cli.StatusFailed, command(t, s, e, file))
	expect(t, cli.StatusFailed, append([]string{"-ca", file}, "-user", "me", e.String(), dir), "no certificate")
	expect(t, cli.StatusFailed, []string{"-user", "me", e.String(), dir}, "password")
	s.Close()
	expect(t, cli.StatusFailed, command(t, s, e, dir), "refused")
}

func TestUsage(t *testing.T) {
	expect(t, cli.StatusOK, []string{"-h"}, "usage: imapsave", "-mailbox NAME", "MAILDIR")
	for _, args := range [][]string{nil, {"-user", "x"}, {"imaps://a", "b"}, {"-user", "x", "pop3s://a", "b"}, {"-what"}, {"-user", "x", "-timeout", "0s", "imaps://a", "b"}} {
		expect(t, cli.StatusUsage, args, "-h for help")
	}
}
