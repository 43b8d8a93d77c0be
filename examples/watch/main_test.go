package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/examples/internal/savetest"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// TestMain makes the test binary the program of -exec.
func TestMain(m *testing.M) {
	child.Main(m, map[string]func([]string) error{"exec": func([]string) error {
		text, err := io.ReadAll(os.Stdin)
		fmt.Printf("<%s>", text)
		if bytes.Contains(text, []byte("fail")) {
			err = errors.New("failed")
		}
		return err
	}})
}

// output is what the program prints; when it has printed all of some texts, the run ends.
type output struct {
	mu   sync.Mutex
	text strings.Builder
	end  func()
	last string
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if strings.Contains(o.text.String(), o.last) {
		o.end()
	}
	return len(p), nil
}

// watched runs the program until it has printed last.
func watched(t *testing.T, s *dialtest.Server, last string, args ...string) (int, string) {
	t.Helper()
	password, ca := savetest.File(t, "secret\n"), savetest.File(t, string(s.CA().PEM()))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &output{end: cancel, last: last}
	args = append([]string{"-user", "user", "-password-file", password, "-ca", ca}, args...)
	status := run(ctx, args, &watch{out: out}, strings.NewReader(""), out)
	return status, out.text.String()
}

// New mail of several mailboxes is printed, through an outage, and given to a program.
func TestWatch(t *testing.T) {
	program := child.Program(t, "exec")
	t.Chdir(t.TempDir())
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, Implicit: true, Mailbox: []string{"Subject: old\r\n\r\n"}})
	if err := s.Order(
		dialtest.Rule{At: "idling", Times: 1, Do: func(string) {
			s.Deliver("From: ann@mail.test\r\nSubject: first\r\n\r\nhello\r\n")
			s.HangUp()
		}},
		dialtest.Rule{At: "idling", Times: 1, Do: func(string) { s.Deliver("Subject: second\r\n\r\n") }}); err != nil {
		t.Fatal(err)
	}
	status, out := watched(t, s, "Subject: second\r\n\r\n>", "-exec", program, s.Endpoint(policy.ImplicitTLS).String(), "Alerts", "INBOX")
	for _, want := range []string{
		"Alerts: ", "no such mailbox", "next try at ",
		"INBOX: \"first\" from \"ann@mail.test\"\n<From: ann@mail.test\r\nSubject: first\r\n\r\nhello\r\n>", "INBOX: \"second\" from \"\"\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("status %d, no %q in\n%s", status, want, out)
		}
	}
	if status != 0 || strings.Contains(out, "old") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// The same by POP3, where a program that fails ends the watch.
func TestWatchPOP3(t *testing.T) {
	program := child.Program(t, "exec")
	t.Chdir(t.TempDir())
	s := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, Implicit: true, Mailbox: []string{"From: ann@mail.test\r\nSubject: old\r\n\r\n", "fail\r\n"}})
	status, out := watched(t, s, "never", "-exec", program, s.Endpoint(policy.ImplicitTLS).String())
	for _, want := range []string{"mailbox: \"old\" from \"ann@mail.test\"\n<From: ", "<fail\r\n>", "exit status 1"} {
		if status != 1 || !strings.Contains(out, want) {
			t.Errorf("status %d, no %q in\n%s", status, want, out)
		}
	}
}

// Each account has a note of its own, also where two servers give their messages the same
// identifiers.
func TestAccounts(t *testing.T) {
	program := child.Program(t, "exec")
	t.Chdir(t.TempDir())
	for _, subject := range []string{"first", "second"} {
		s := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, Implicit: true})
		s.Store().Inbox().Add(mailstore.Message{ID: "1", Text: "Subject: " + subject + "\r\n\r\n"}, mailstore.Message{ID: "2", Text: "fail\r\n"})
		for run, told := range []bool{true, false} {
			_, out := watched(t, s, "never", "-exec", program, s.Endpoint(policy.ImplicitTLS).String())
			if strings.Contains(out, `"`+subject+`"`) != told || !strings.Contains(out, "<fail") {
				t.Errorf("%s, run %d: %s", subject, run, out)
			}
		}
	}
}

// A password that is refused ends it with a hint, and a command line that is wrong with
// what is wrong.
func TestWatchFails(t *testing.T) {
	t.Chdir(t.TempDir())
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, Implicit: true, Password: "another"})
	if status, out := watched(t, s, "never", s.Endpoint(policy.ImplicitTLS).String()); status != 1 || !strings.Contains(out, "hint: ") {
		t.Errorf("status %d\n%s", status, out)
	}
	for arg, want := range map[string]string{"": "want a URL after the flags", "http://x": "http", "smtp://x": "want a URL of imap or pop3\n", "-none": "-none"} {
		if status, out := watched(t, s, "never", strings.Fields(arg)...); status != 2 || !strings.Contains(out, want) {
			t.Errorf("%q: status %d\n%s", arg, status, out)
		}
	}
	if status, out := watched(t, s, "never", "-h"); status != 0 || !strings.Contains(out, "usage: watch") {
		t.Errorf("status %d\n%s", status, out)
	}
}
