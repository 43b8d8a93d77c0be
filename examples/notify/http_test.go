package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// listening runs the program, and calls f while it takes requests.
func listening(t *testing.T, args []string, f func(url string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, stderr := io.Pipe()
	done := make(chan int, 1)
	go func() {
		defer stderr.Close()
		done <- run(ctx, args, nil, io.Discard, stderr)
	}()
	lines := bufio.NewReader(read)
	line, err := lines.ReadString('\n')
	_, address, ok := strings.Cut(strings.TrimSpace(line), "listening at ")
	if err != nil || !ok {
		t.Fatalf("%q, %v", line, err)
	}
	go io.Copy(io.Discard, lines)
	f("http://" + address)
	cancel()
	if status := <-done; status != statusOK {
		t.Errorf("status %d", status)
	}
}

// post sends a body and returns the status and the outcome.
func post(t *testing.T, url, contentType, body string) (status int, outcome string) {
	t.Helper()
	r, err := http.Post(url, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var a answer
	json.NewDecoder(r.Body).Decode(&a)
	return r.StatusCode, a.Outcome
}

func TestHTTP(t *testing.T) {
	srv := serve(t)
	listening(t, command(t, srv, "-listen", "127.0.0.1:0"), func(url string) {
		const date = `"date":"2026-01-31T12:00:00Z"`
		for _, c := range []struct {
			contentType, body string
			status            int
			outcome           string
		}{
			{"application/json", `{"id":"1",` + date + `,"to":"ann@example.org","text":"x"}`, 200, "stored"},
			{"application/json; charset=utf-8", `{"id":"1",` + date + `,"to":"ann@example.org","text":"x"}`, 200, "stored"},
			{"application/json", `{"id":"1",` + date + `,"to":"ann@example.org","text":"y"}`, 409, "not done"},
			{"application/json", `{"id":"2","to":"ann@example.org>"}`, 400, "not done"},
			{"application/json", `{"id":"3","do":"resend"}`, 404, "not done"},
			{"application/json", `{"id":"3","do":"dance"}`, 400, "not done"},
			{"application/json", `{"id":"` + strings.Repeat("x", 256) + `","to":"ann@example.org"}`, 400, "not done"},
			{"application/json", `{"id`, 400, ""},
			{"application/json", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, 400, ""},
			{"text/plain", `{"id":"4","to":"ann@example.org"}`, 415, ""},
		} {
			if status, outcome := post(t, url, c.contentType, c.body); status != c.status || outcome != c.outcome {
				t.Errorf("%.60s: %d, %q", c.body, status, outcome)
			}
		}
		r, err := http.Get(url + "/stats")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var stats struct {
			Waiting *int
			Down    map[string]string
		}
		if err := json.NewDecoder(r.Body).Decode(&stats); err != nil || r.StatusCode != 200 || stats.Waiting == nil || stats.Down == nil {
			t.Error(err, r.Status, stats)
		}
	})
	if n := len(srv.Messages()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// Programs follow each other while messages come, the next one started before the one
// before it has ended: each message is sent once.
func TestDeploys(t *testing.T) {
	srv := serve(t)
	args := command(t, srv, "-listen", unused(t))
	url := "http://" + args[len(args)-2]
	stop, stored, senders := make(chan bool), atomic.Int64{}, sync.WaitGroup{}
	for k := range 4 {
		senders.Go(func() { sendUntil(stop, url, k, &stored) })
	}
	const deploys = 5
	end := func() {}
	var programs sync.WaitGroup
	for range deploys {
		end = deploy(t, args, end, &programs)
		for was := stored.Load(); stored.Load() < was+20; {
			if !sendOnce(url, `{"id":"extra","date":"2026-01-31T12:00:00Z","to":"extra@example.org"}`) {
				t.Fatal("the program does not answer")
			}
		}
	}
	close(stop)
	end()
	senders.Wait()
	programs.Wait()
	call(t, statusOK, without(args, "-listen"), strings.NewReader("")) // what waits
	taken := map[string]int{}
	for _, m := range srv.Messages() {
		taken[strings.Join(m.To, " ")]++
	}
	for to, n := range taken {
		if n != 1 {
			t.Errorf("%s was sent %d times", to, n)
		}
	}
	if got, want := int64(len(taken)), stored.Load()+1; got < want || got > want+4 { // four may have had no answer
		t.Errorf("%d messages, want %d", got, want)
	}
	t.Logf("%d messages over %d deploys", len(taken), deploys)
}

// deploy starts a program, ends the one before it, and returns when the new one listens.
func deploy(t *testing.T, args []string, endLast func(), programs *sync.WaitGroup) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, stderr := io.Pipe()
	programs.Go(func() {
		defer stderr.Close()
		if status := run(ctx, args, nil, io.Discard, stderr); status != statusOK {
			t.Errorf("status %d", status)
		}
	})
	endLast()
	lines := bufio.NewReader(read)
	lines.ReadString('\n') // it listens
	go io.Copy(io.Discard, lines)
	return cancel
}

// sendUntil sends one message after the other, each until it is stored. After stop it
// ends at the first that is not.
func sendUntil(stop <-chan bool, url string, k int, stored *atomic.Int64) {
	for i := 0; ; i++ {
		for !sendOnce(url, fmt.Sprintf(`{"id":"%d-%d","date":"2026-01-31T12:00:00Z","to":"r%[1]d-%[2]d@example.org"}`, k, i)) {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond): // the answer is missing: once more
			}
		}
		stored.Add(1)
	}
}

// sendOnce reports whether a message was stored.
func sendOnce(url, body string) bool {
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return false
	}
	defer r.Body.Close()
	io.Copy(io.Discard, r.Body)
	return r.StatusCode == http.StatusOK
}

// without returns arguments without a flag and its value.
func without(args []string, flag string) (rest []string) {
	for i := 0; i < len(args); i++ {
		if args[i] == flag {
			i++
			continue
		}
		rest = append(rest, args[i])
	}
	return rest
}

// A client may drop a notice that is wrong, and not one for which the disk had no ear.
func TestStatusOfTheDisk(t *testing.T) {
	if status := httpStatus(fmt.Errorf("write: %w", syscall.EIO)); status != http.StatusInternalServerError {
		t.Error(status)
	}
}
