package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// A link is sent, also if the program has ended before it could be: by the next.
func TestReset(t *testing.T) {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "reset", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	unreachable := srv.Endpoint(policy.ImplicitTLS)
	unreachable.Host, unreachable.Port = "127.0.0.1", 1
	dir := filepath.Join(t.TempDir(), "outbox")
	o := &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: srv.ClientConfig()},
		Auth:   auth.Password{User: "reset", Secret: auth.NewSecret("secret")},
	}
	box, err := open(t.Context(), unreachable, o, dir)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]int{"ann@example.org": http.StatusOK, "ann@example.org>\r\nBcc: x": http.StatusServiceUnavailable} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/", strings.NewReader(url.Values{"address": {address}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		handler(box)(w, r)
		if w.Code != want {
			t.Errorf("%q: %d %s", address, w.Code, w.Body)
		}
	}
	if err := box.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if box, err = open(t.Context(), srv.Endpoint(policy.ImplicitTLS), o, dir); err != nil {
		t.Fatal(err)
	}
	defer box.Close(context.Background())
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for len(srv.Messages()) == 0 {
		select {
		case <-again.C:
		case <-time.After(time.Minute):
			t.Fatalf("no message: %+v", box.Stats())
		}
	}
	if m := srv.Messages()[0]; m.From != "reset@example.org" || !bytes.Contains(m.Data, []byte("\r\n\r\nhttps://example.org/reset/")) {
		t.Errorf("%s", m.Data)
	}
}

// The program has fewer than 60 lines of code.
func TestLines(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			lines++
		}
	}
	if lines >= 60 {
		t.Errorf("%d lines", lines)
	}
}
