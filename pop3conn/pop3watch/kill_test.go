package pop3watch_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// TestMain makes the test binary a program that watches, in processes that are killed.
func TestMain(m *testing.M) {
	child.Main(m, map[string]func([]string) error{"watch": watchForever})
}

// watchForever watches a mailbox and stores its messages as lines of a file, each once
// by its key and text. It says again when it was told of one that it has.
func watchForever(args []string) error {
	f := newFixture()
	f.Options.Dialer = &dial.Dialer{NetDialer: dialtest.LeadTo(args[0])}
	f.Options.NoPipelining = args[2] == "lockstep"
	f.Delete = true
	f.Every, f.MinDelay = time.Millisecond, time.Millisecond
	f.Seen = pop3watch.File(filepath.Join(args[1], "seen"))
	f.Handle = func(_ context.Context, m *pop3watch.Message) error {
		text, err := io.ReadAll(m)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %q", m.Key, text)
		log, err := os.OpenFile(filepath.Join(args[1], "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		defer log.Close()
		if had, _ := io.ReadAll(log); strings.Contains(string(had), "\n"+line+"\n") {
			line = "again " + line
		}
		if _, err := io.WriteString(log, "\n"+line+"\n"); err != nil {
			return err
		}
		return log.Sync()
	}
	return pop3watch.Run(context.Background(), f.Config)
}

// TestKilled kills a program that watches at random points of its progress, while mail
// comes in: at the end it has each message once, was told at most once a kill of one that
// it had, and nothing was deleted that it had not.
func TestKilled(t *testing.T) {
	kills := 10
	if os.Getenv("MAILCONN_FULL") != "" {
		kills = 100
	}
	var v child.Victim
	srv := newServer(dialtest.Config{NoRecords: true}, func(string) dialtest.Rule {
		v.Said(false)
		return dialtest.Rule{}
	})
	defer srv.Close()
	inbox := srv.Store().Inbox()
	dir := t.TempDir()
	var texts []string
	add := func() {
		for range 10 {
			text := fmt.Sprintf("message %d\r\n", len(texts))
			texts = append(texts, text)
			inbox.Add(mailstore.Message{ID: fmt.Sprint("id", len(texts)%17), Text: text})
		}
	}
	for i := range kills {
		add()
		mode := "pipelined"
		commands, lines := 1+rand.N(60), 1<<30
		if i%2 == 0 {
			mode = "lockstep"
		} else {
			commands, lines = 1<<30, 1+rand.N(9)
		}
		file := filepath.Join(dir, []string{"log", "seen"}[i/2%2])
		end := lineCount(file) + lines
		v.Run(t, child.Command(t, "watch", srv.Addr(), dir, mode), commands, func() bool { return lineCount(file) >= end })
	}
	finish(t, srv, dir)
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	again := strings.Count(string(log), "\nagain ")
	for _, text := range texts {
		quoted := fmt.Sprintf(" %q\n", text)
		n := strings.Count(string(log), quoted)
		for line := range strings.Lines(string(log)) {
			if strings.HasPrefix(line, "again ") && strings.HasSuffix(line, quoted) {
				n--
			}
		}
		if n != 1 {
			t.Errorf("%q is there %d times", text, n)
		}
	}
	if len(srv.Mailbox()) > 0 || again > kills {
		t.Errorf("%d messages are left, %d were told again", len(srv.Mailbox()), again)
	}
	t.Logf("%d kills, %d messages, %d told again", kills, len(texts), again)
}

// finish watches until the mailbox is empty.
func finish(t *testing.T, srv *dialtest.Server, dir string) {
	var v child.Victim
	v.Run(t, child.Command(t, "watch", srv.Addr(), dir, "pipelined"), 1<<30, func() bool { return len(srv.Mailbox()) == 0 })
}

func lineCount(file string) int {
	text, _ := os.ReadFile(file)
	return strings.Count(string(text), "\n")
}
