package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

func serve(t *testing.T) *dialtest.Server {
	t.Helper()
	return testserver.Start(t, dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "me", Password: "secret"})
}

// command is a command line for a server.
func command(t *testing.T, srv *dialtest.Server, flags ...string) []string {
	t.Helper()
	dir := t.TempDir()
	password, ca := filepath.Join(dir, "password"), filepath.Join(dir, "ca")
	if err := errors.Join(os.WriteFile(password, []byte("secret\n"), 0o600), os.WriteFile(ca, srv.CA().PEM(), 0o600)); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-outbox", filepath.Join(dir, "outbox"), "-from", "me@example.org", "-user", "me", "-password-file", password, "-ca", ca}, flags...)
	return append(args, srv.Endpoint(policy.ImplicitTLS).String())
}

// call runs the program and returns its last answers by identifier.
func call(t *testing.T, status int, args []string, in io.Reader) (answers map[string]answer, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(t.Context(), args, in, &out, &errs); got != status {
		t.Errorf("%q: status %d\n%s%s", args, got, out.String(), errs.String())
	}
	answers = map[string]answer{}
	for line := range strings.Lines(out.String()) {
		var a answer
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if a.Outcome != "stored" || answers[a.ID].Outcome == "" { // the end may come first
			answers[a.ID] = a
		}
	}
	return answers, errs.String()
}

func TestSend(t *testing.T) {
	srv := serve(t)
	var in strings.Builder
	for i := range 100 {
		fmt.Fprintf(&in, `{"id":"%d","to":"r%d@example.org","subject":"Grüße\r\nBcc: x","text":"Hallo.\n.\n"}`+"\n", i, i)
	}
	answers, stderr := call(t, statusOK, command(t, srv), strings.NewReader(in.String()))
	if len(answers) != 100 || len(srv.Messages()) != 100 || stderr != "" {
		t.Errorf("%d answers, %d messages, %q", len(answers), len(srv.Messages()), stderr)
	}
	if a := answers["7"]; a.To != "r7@example.org" || a.Outcome != "sent" || a.Reply == "" {
		t.Errorf("%+v", a)
	}
	if m := srv.Messages()[0]; m.From != "me@example.org" || bytes.Contains(m.Data, []byte("\nBcc")) || !bytes.Contains(m.Data, []byte("\r\n\r\nSGFsbG8uCi4K\r\n")) {
		t.Errorf("%s", m.Data)
	}
}

// An answer is there when it is known, and not when the input ends.
func TestAtOnce(t *testing.T) {
	in, input := io.Pipe()
	output, out := io.Pipe()
	args, status := command(t, serve(t)), make(chan int, 1)
	go func() { status <- run(t.Context(), args, in, out, io.Discard) }()
	answers := json.NewDecoder(output)
	for i := range 3 {
		fmt.Fprintf(input, `{"id":"%d","to":"ann@example.org","text":"x"}`, i)
		outcomes := map[string]bool{}
		for range 2 {
			var a answer
			if err := answers.Decode(&a); err != nil || a.ID != fmt.Sprint(i) {
				t.Fatal(a, err)
			}
			outcomes[a.Outcome] = true
		}
		if !outcomes["stored"] || !outcomes["sent"] {
			t.Error(outcomes)
		}
	}
	input.Close()
	if s := <-status; s != statusOK {
		t.Error(s)
	}
}

func TestFailures(t *testing.T) {
	srv := serve(t)
	good := `{"id":"good","to":"ann@example.org"}`
	answers, _ := call(t, statusFailed, command(t, srv), strings.NewReader(good+`{"id":"bad","to":"ann@example.org>\r\nDATA"}`))
	if answers["good"].Outcome != "sent" || answers["bad"].Outcome != "not done" || answers["bad"].Error == "" {
		t.Errorf("%+v", answers)
	}
	if _, stderr := call(t, statusFailed, command(t, srv), strings.NewReader(good+"{nonsense")); stderr == "" {
		t.Error("no word about the input")
	}
	args := command(t, srv)
	srv.Close()
	late := strings.NewReader(`{"id":"late","to":"ann@example.org"}`)
	answers, stderr := call(t, statusFailed, append([]string{"-expire", "20ms", "-retry", "20ms"}, args...), late)
	if a := answers["late"]; a.Outcome != "expired" || !strings.Contains(a.Error, "refused") || !strings.Contains(stderr, "is down, and is tried again: dial:") {
		t.Errorf("%+v", a)
	}
}

// The same lines again are the same messages, and nothing is sent twice; another message
// with the id is not taken.
func TestAgain(t *testing.T) {
	srv := serve(t)
	args := command(t, srv)
	line := `{"id":"1","date":"2026-01-31T12:00:00+01:00","to":"ann@example.org","subject":"x"}`
	for range 3 {
		call(t, statusOK, args, strings.NewReader(line+line))
	}
	answers, _ := call(t, statusFailed, args, strings.NewReader(`{"id":"1","to":"ann@example.org","subject":"y"}`))
	if a := answers["1"]; len(srv.Messages()) != 1 || a.Outcome != "not done" {
		t.Errorf("%d messages, %+v", len(srv.Messages()), a)
	}
	if m := srv.Messages()[0].Data; !bytes.Contains(m, []byte("Date: Sat, 31 Jan 2026 12:00:00 +0100\r\n")) {
		t.Errorf("%s", m)
	}
}

// A second relay serves while the first cannot be reached, and the transcript has both,
// without the password.
func TestRelays(t *testing.T) {
	srv := serve(t)
	args, transcript := command(t, srv), filepath.Join(t.TempDir(), "transcript")
	dead := "submissions://" + unused(t)
	args = slices.Insert(args, len(args)-1, "-transcript", transcript, dead)
	_, stderr := call(t, statusOK, args, strings.NewReader(`{"id":"1","to":"ann@example.org"}`))
	text, err := os.ReadFile(transcript)
	if err != nil || len(srv.Messages()) != 1 || !strings.Contains(stderr, dead+" is down") {
		t.Errorf("%v, %d messages, %q", err, len(srv.Messages()), stderr)
	}
	if !bytes.Contains(text, []byte("C: MAIL FROM:<me@example.org>")) || !bytes.Contains(text, []byte("refused")) || bytes.Contains(text, []byte("secret")) {
		t.Errorf("%s", text)
	}
	if info, err := os.Stat(transcript); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Error(info, err)
	}
}

// unused returns an address at which no server listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// The program ends when its answers cannot be written, and the next run gives them.
func TestOutput(t *testing.T) {
	args := command(t, serve(t))
	in, input := io.Pipe() // does not end
	defer input.Close()
	go io.WriteString(input, `{"id":"1","to":"ann@example.org"}`+"\n")
	var errs bytes.Buffer
	if status := run(t.Context(), args, in, broken{}, &errs); status != statusFailed || !strings.Contains(errs.String(), "broken") {
		t.Errorf("%d, %q", status, errs.String())
	}
	answers, _ := call(t, statusOK, args, strings.NewReader(""))
	if answers["1"].Outcome != "sent" {
		t.Errorf("%+v", answers)
	}
}

// broken takes no more than that messages are stored.
type broken struct{}

func (broken) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(`"stored"`)) {
		return len(b), nil
	}
	return 0, errors.New("broken")
}

// A server that takes a message and hangs up leaves its outcome in doubt.
func TestUnknown(t *testing.T) {
	url, read, answer := hesitant(t)
	go func() {
		<-read
		close(answer)
	}()
	args := []string{"-outbox", filepath.Join(t.TempDir(), "outbox"), "-from", "me@example.org", url}
	answers, _ := call(t, statusInDoubt, args, strings.NewReader(`{"id":"1","to":"ann@example.org"}`))
	if a := answers["1"]; a.Outcome != "in doubt" || a.Error == "" {
		t.Errorf("%+v", a)
	}
	answers, _ = call(t, statusInDoubt, args, strings.NewReader("")) // it is held, and told again
	if a := answers["1"]; a.Outcome != "in doubt" {
		t.Errorf("%+v", a)
	}
	answers, _ = call(t, statusFailed, args, strings.NewReader(`{"id":"1","do":"give up"}{"id":"2","do":"cancel"}{"id":"3","do":"dance"}`))
	if answers["1"].Outcome != "given up" || answers["2"].Outcome != "not done" || answers["3"].Outcome != "not done" {
		t.Errorf("%+v", answers)
	}
}

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	if s := run(t.Context(), []string{"-h"}, nil, &out, io.Discard); s != statusOK || !strings.Contains(out.String(), "usage: notify") || !strings.Contains(out.String(), "-rate N") {
		t.Error(s, out.String())
	}
	good := []string{"-outbox", filepath.Join(t.TempDir(), "outbox"), "-from", "a@b"}
	for _, args := range [][]string{nil, {"submissions://a"}, {"-from", "a@b", "submissions://a"}, {"-outbox", "x", "submissions://a"}, {"-what"},
		good, append(good, "imaps://a"), append(good, "what"), append(good, "submissions://a", "imaps://a"), append(good, "-jobs", "0", "submissions://a"),
		append(good, "-user", "x", "submissions://a"), append(good, "-ca", "/nowhere", "submissions://a"), append(good, "-conns", "-1", "submissions://a"),
		append(good, "-grace", "-1s", "submissions://a"), append(good, "-retry", "0", "submissions://a"), append(good, "-transcript", "/nowhere/x", "submissions://a")} {
		if _, stderr := call(t, statusUsage, args, strings.NewReader("")); stderr == "" {
			t.Errorf("%q: no word", args)
		}
	}
}
