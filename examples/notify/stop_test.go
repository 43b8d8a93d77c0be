package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

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
	for d := json.NewDecoder(&out); d.More(); {
		var a answer
		if err := d.Decode(&a); err != nil {
			t.Fatalf("%q: %v", out.String(), err)
		}
		if a.Outcome != "stored" || last.Outcome == "" { // the end may come first
			last = a
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

// hesitant is a server that has read a message when it sends on read, answers when it
// receives from answer, and hangs up when that is closed.
func hesitant(t *testing.T) (url string, read chan struct{}, answer chan string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	read, answer = make(chan struct{}), make(chan string)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		lines := bufio.NewReader(c)
		for _, reply := range []string{"220 x", "250 x", "250 ok", "250 ok", "354 go"} {
			fmt.Fprint(c, reply+"\r\n")
			lines.ReadString('\n')
		}
		for line := ""; line != ".\r\n" && err == nil; {
			line, err = lines.ReadString('\n')
		}
		read <- struct{}{}
		if reply, ok := <-answer; ok {
			fmt.Fprint(c, reply+"\r\n")
			lines.ReadString('\n') // QUIT
		}
	}()
	return "smtp+plain://" + l.Addr().String(), read, answer
}

// A signal lets the messages under way end. What became of them is said by the next run,
// if this one does not come to that.
func TestStopBusy(t *testing.T) {
	url, read, reply := hesitant(t)
	args := []string{"-outbox", filepath.Join(t.TempDir(), "outbox"), "-from", "me@example.org", url}
	status, a := stop(t, args, `{"id":"1","to":"ann@example.org"}`+"\n",
		func() { <-read }, func() { reply <- "250 2.0.0 queued" })
	if status != statusFailed || a.ID != "1" {
		t.Errorf("%d, %+v", status, a)
	}
	if a.Outcome == "stored" {
		answers, _ := call(t, statusOK, args, strings.NewReader(""))
		a = answers["1"]
	}
	if a.Outcome != "sent" {
		t.Errorf("%+v", a)
	}
}

// What does not end is in doubt, and the next run says so.
func TestStopGrace(t *testing.T) {
	url, read, reply := hesitant(t)
	defer close(reply)
	args := []string{"-outbox", filepath.Join(t.TempDir(), "outbox"), "-from", "me@example.org", url}
	status, a := stop(t, append([]string{"-grace", "0"}, args...), `{"id":"1","to":"ann@example.org"}`+"\n",
		func() { <-read }, func() {})
	if status != statusInDoubt || a.Outcome != "stored" {
		t.Errorf("%d, %+v", status, a)
	}
	answers, _ := call(t, statusInDoubt, args, strings.NewReader(""))
	if a := answers["1"]; a.Outcome != "in doubt" {
		t.Errorf("%+v", a)
	}
}
