package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/savetest"
	"github.com/mailconn/mailconn/policy"
)

// Two servers of one host, of which the UIDs and the UIDVALIDITY are the same, go to one
// Maildir, and so do two mailboxes.
func TestServers(t *testing.T) {
	dir := t.TempDir()
	var all []string
	for _, name := range []string{"a", "b"} {
		s, texts := serve(t), batch(name, 3)
		s.Deliver(texts...)
		all = append(all, texts...)
		args := command(t, s, s.Endpoint(policy.ImplicitTLS), dir)
		expect(t, cli.StatusOK, args, "3 messages in INBOX: 0 here already, 3 to fetch", "3 fetched, 0 failed")
		savetest.Once(t, dir, all)
		expect(t, cli.StatusOK, args, "3 here already, 0 to fetch")
	}
}

// INBOX is one mailbox however it is written.
func TestInbox(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	texts := batch("a", 3)
	s.Deliver(texts...)
	for _, name := range []string{"inbox", "Inbox", "INBOX"} {
		expect(t, cli.StatusOK, command(t, s, s.Endpoint(policy.ImplicitTLS), dir, "-mailbox", name), "3 messages in "+name)
	}
	savetest.Once(t, dir, texts)
}

// The id is another one for everything that makes a mailbox another one.
func TestIdentity(t *testing.T) {
	seen := map[string][3]string{}
	for _, id := range [][3]string{
		{"h:993", "me", "INBOX"}, {"h:143", "me", "INBOX"}, {"g:993", "me", "INBOX"}, {"h:993", "you", "INBOX"},
		{"h:993", "me", "work"}, {"h:993", "me", "Work"}, {"h:993", "me", "INBOX/work"}, {"h:993", "me", "inbox/work"},
		{"h:993", "me INBOX", ""}, {"h:993", `me" "INBOX`, ""}, {"h:993", "", "me INBOX"},
	} {
		name := identity(id[0], id[1], id[2])
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q are one", id, other)
		}
		seen[name] = id
	}
}

// What a mail program has moved to cur or flagged is there; what was deleted or moved out of
// the Maildir is fetched again.
func TestMoved(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	texts := batch("a", 4)
	s.Deliver(texts...)
	args := command(t, s, s.Endpoint(policy.ImplicitTLS), dir)
	expect(t, cli.StatusOK, args, "4 fetched")
	files, _ := filepath.Glob(filepath.Join(dir, "new", "*"))
	if len(files) != 4 {
		t.Fatal(files)
	}
	flagged := ":2,S"
	if runtime.GOOS == "windows" {
		flagged = ""
	}
	os.Rename(files[0], filepath.Join(dir, "cur", filepath.Base(files[0])))
	os.Rename(files[1], filepath.Join(dir, "cur", filepath.Base(files[1])+flagged))
	os.Rename(files[2], filepath.Join(t.TempDir(), "x"))
	os.Remove(files[3])
	expect(t, cli.StatusOK, args, "2 here already, 2 to fetch", "2 fetched")
	savetest.Once(t, dir, texts)
}
