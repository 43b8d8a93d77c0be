package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

func serve(t *testing.T) *dialtest.Server {
	t.Helper()
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "me", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return srv
}

// command is a command line for a server.
func command(t *testing.T, srv *dialtest.Server, flags ...string) []string {
	t.Helper()
	dir := t.TempDir()
	password, ca := filepath.Join(dir, "password"), filepath.Join(dir, "ca")
	if err := errors.Join(os.WriteFile(password, []byte("secret\n"), 0o600), os.WriteFile(ca, srv.CA().PEM(), 0o600)); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-from", "me@example.org", "-user", "me", "-password-file", password, "-ca", ca}, flags...)
	return append(args, srv.Endpoint(policy.ImplicitTLS).String())
}

// call runs the program and returns its answers by identifier.
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
		answers[a.ID] = a
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
		var a answer
		if err := answers.Decode(&a); err != nil || a.ID != fmt.Sprint(i) {
			t.Fatal(a, err)
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
	if answers["good"].Outcome != "sent" || answers["bad"].Outcome != "not sent" || answers["bad"].Error == "" {
		t.Errorf("%+v", answers)
	}
	if _, stderr := call(t, statusFailed, command(t, srv), strings.NewReader(good+"{nonsense")); stderr == "" {
		t.Error("no word about the input")
	}
	args := command(t, srv)
	srv.Close()
	answers, _ = call(t, statusFailed, append([]string{"-timeout", "100ms"}, args...), strings.NewReader(good))
	if a := answers["good"]; a.Outcome != "not sent" || !strings.Contains(a.Error, "refused") {
		t.Errorf("%+v", a)
	}
}

// ordered returns how to reach a relay in the clear that follows a rule.
func ordered(t *testing.T, rule dialtest.Rule) (url string) {
	t.Helper()
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: true, Rules: []dialtest.Rule{rule}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return srv.Endpoint(policy.NoTLS).String()
}

// A server that takes a message and hangs up leaves its outcome in doubt.
func TestUnknown(t *testing.T) {
	url := ordered(t, dialtest.Rule{At: ".", Bytes: -1, End: dialtest.EndClose})
	answers, _ := call(t, statusInDoubt, []string{"-from", "me@example.org", url}, strings.NewReader(`{"id":"1","to":"ann@example.org"}`))
	if a := answers["1"]; a.Outcome != "in doubt" || a.Error == "" {
		t.Errorf("%+v", a)
	}
}

// stop runs the program on input that does not end, ends its context, and
// returns the status and the last answer. begun is called before that.
func stop(t *testing.T, args []string, line string, begun, ended func()) (status int, last answer) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, input := io.Pipe()
	defer input.Close()
	var out, errs bytes.Buffer
	done := make(chan int, 1)
	go func() { done <- run(ctx, args, in, &out, &errs) }()
	io.WriteString(input, line) // returns when it was read
	begun()
	cancel()
	ended()
	select {
	case status = <-done:
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	if !strings.Contains(errs.String(), errStopped.Error()) {
		t.Errorf("%q", errs.String())
	}
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &last); err != nil {
			t.Errorf("%q: %v", out.String(), err)
		}
	}
	return status, last
}

// A signal ends a program that waits for input.
func TestStopIdle(t *testing.T) {
	nothing := func() {}
	if status, a := stop(t, command(t, serve(t)), "\n", nothing, nothing); status != statusFailed || a != (answer{}) {
		t.Errorf("%d, %+v", status, a)
	}
}

// hesitant is a server that has read a message when it sends on read, and
// answers when it receives from answer.
func hesitant(t *testing.T) (url string, read, answer chan struct{}) {
	t.Helper()
	read, answer = make(chan struct{}), make(chan struct{})
	url = ordered(t, dialtest.Rule{At: ".", Do: func(string) {
		select {
		case read <- struct{}{}:
			<-answer
		case <-t.Context().Done(): // of a test that has failed
		}
	}})
	return url, read, answer
}

// A signal lets the messages under way finish.
func TestStopBusy(t *testing.T) {
	url, read, reply := hesitant(t)
	status, a := stop(t, []string{"-from", "me@example.org", url}, `{"id":"1","to":"ann@example.org"}`+"\n",
		func() { <-read }, func() { reply <- struct{}{} })
	if status != statusFailed || a.ID != "1" || a.Outcome != "sent" {
		t.Errorf("%d, %+v", status, a)
	}
}

// What does not finish is given up, and says so.
func TestStopGrace(t *testing.T) {
	url, read, reply := hesitant(t)
	defer close(reply)
	status, a := stop(t, []string{"-grace", "0", "-from", "me@example.org", url}, `{"id":"1","to":"ann@example.org"}`+"\n",
		func() { <-read }, func() {})
	if status != statusInDoubt || a.ID != "1" || a.Outcome != "in doubt" || !strings.Contains(a.Error, errGrace.Error()) {
		t.Errorf("%d, %+v", status, a)
	}
}

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	if s := run(t.Context(), []string{"-h"}, nil, &out, io.Discard); s != statusOK || !strings.Contains(out.String(), "usage: notify") || !strings.Contains(out.String(), "-rate N") {
		t.Error(s, out.String())
	}
	for _, args := range [][]string{nil, {"submissions://a"}, {"-from", "a@b"}, {"-from", "a@b", "imaps://a"}, {"-what"}, {"-from", "a@b", "-jobs", "0", "submissions://a"},
		{"-from", "a@b", "-user", "x", "submissions://a"}, {"-from", "a@b", "-ca", "/nowhere", "submissions://a"}, {"-from", "a@b", "-conns", "-1", "submissions://a"}, {"-from", "a@b", "-grace", "-1s", "submissions://a"}} {
		if _, stderr := call(t, statusUsage, args, strings.NewReader("")); stderr == "" {
			t.Errorf("%q: no word", args)
		}
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.add("sent")
	p.end()
	if out.Len() > 0 {
		t.Errorf("%q where there is no terminal", out.String())
	}
	p.terminal = true
	p.add("in doubt")
	p.end()
	if got, want := p.line(time.Second), "1 sent (1 a second), 0 refused, 0 not sent, 1 in doubt"; got != want || !strings.HasSuffix(out.String(), "1 in doubt\x1b[K\n") {
		t.Errorf("%q, %q", got, out.String())
	}
}

// What a person needs to know about the relay is said once, also where there is
// no terminal.
func TestRelay(t *testing.T) {
	var out bytes.Buffer
	r := relay{say: newProgress(&out).say}
	look := func(s pool.Stats, want ...string) {
		t.Helper()
		out.Reset()
		r.look(s)
		if lines := strings.Count(out.String(), "notify: "); len(want) == 0 && lines != 0 || len(want) > 0 && lines != 1 {
			t.Errorf("%q", out.String())
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%q without %q", out.String(), w)
			}
		}
	}
	failed := func(phase dial.Phase, err error) pool.Stats {
		return pool.Stats{Down: &pool.DownError{Err: &dial.Error{Endpoint: dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test"}, Phase: phase, Err: err}}}
	}
	look(pool.Stats{})
	look(failed(dial.PhaseConnect, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), "messages wait", "mail.test", "\n\t")
	look(failed(dial.PhaseConnect, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}))
	look(failed(dial.PhaseHandshake, x509.UnknownAuthorityError{}), "no message is sent", "\n\t")
	look(pool.Stats{}, "can be used again")
	look(pool.Stats{Limit: 3}, "gives 3 of")
	look(pool.Stats{Limit: 3})
	look(pool.Stats{Down: &pool.DownError{Err: io.EOF}, Limit: 3}, "messages wait", "before it has answered")
}

// A relay that cannot be reached is no riddle.
func TestDown(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	answers, stderr := call(t, statusFailed, []string{"-timeout", "50ms", "-from", "me@example.org", "smtp+plain://" + l.Addr().String()}, strings.NewReader(`{"id":"1","to":"ann@example.org"}`))
	if a := answers["1"]; a.Outcome != "not sent" || !strings.Contains(a.Error, "refused") || !strings.Contains(stderr, "notify: messages wait for the relay: dial:") {
		t.Errorf("%+v, %q", a, stderr)
	}
}
