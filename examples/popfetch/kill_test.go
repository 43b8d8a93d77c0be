package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/internal/savetest"
	"github.com/mailconn/mailconn/internal/test/child"
)

// kills is how often TestKilled kills the program: a hundred times if
// MAILCONN_FULL is set.
func kills() int {
	if os.Getenv("MAILCONN_FULL") != "" {
		return 100
	}
	return 20
}

// TestKilled kills the program at random points of its progress, while mail comes in
// and what was saved is deleted: at the end each message was saved exactly once.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	var v child.Victim
	atCommand := 0
	letters := batch("first", 10)
	srv := serve(t, letters...)
	inbox := srv.Store().Inbox()
	var mailbox sync.Mutex // held by a session (RFC 1939 §4)
	if err := srv.Order(
		dialtest.Rule{At: "connect", Do: func(string) { mailbox.Lock() }},
		dialtest.Rule{At: "closed", Do: func(string) { mailbox.Unlock() }},
		dialtest.Rule{At: "*", Do: func(line string) { v.Said(line == "QUIT") }},
	); err != nil {
		t.Fatal(err)
	}
	for i := range kills() {
		var flags []string
		if i%2 == 1 {
			flags = append(flags, "-delete", "0")
		}
		// A run of 10 messages has some 25 commands, and makes 10 files and 10 notes.
		commands, files := 1+rand.N(25), 1000
		if i%4 < 2 {
			commands, files = 1000, 1+rand.N(20)
		} else {
			flags = append(flags, "-no-pipelining")
		}
		end := made(t, dir) + files
		early, err := v.Run(t, child.Command(t, "popfetch", command(t, srv, dir, flags...)...), commands, func() bool { return made(t, dir) >= end })
		if err == nil {
			t.Error("a run came to its end")
		}
		if early {
			atCommand++
		}
		more := batch(fmt.Sprint(i), 10)
		letters = append(letters, more...)
		inbox.Add(more...)
	}
	if out, err := child.Command(t, "popfetch", command(t, srv, dir, "-delete", "0")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	once(t, dir, letters)
	savetest.Swept(t, dir)
	if len(srv.Mailbox()) != 0 {
		t.Errorf("%d left on the server", len(srv.Mailbox()))
	}
	t.Logf("%d runs were killed, %d at a command and %d at a file, %d messages", kills(), atCommand, kills()-atCommand, len(letters))
}

// made counts the files that were made, and the notes.
func made(t *testing.T, dir string) (n int) {
	for _, sub := range []string{"tmp", "new"} {
		files, _ := os.ReadDir(filepath.Join(dir, sub))
		n += len(files)
	}
	for _, note := range notes(t, dir) {
		text, _ := os.ReadFile(note)
		n += strings.Count(string(text), "\n")
	}
	return n
}
