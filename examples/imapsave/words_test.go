package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/savetest"
	"github.com/mailconn/mailconn/policy"
)

// says runs the program, which fails, and wants words and not others in what it writes.
func says(t *testing.T, ctx context.Context, args []string, stdin io.Reader, never string, want ...string) {
	t.Helper()
	var out bytes.Buffer
	if status := run(ctx, args, stdin, &out, &out); status != cli.StatusFailed {
		t.Errorf("%q: status %d", args, status)
	}
	for _, text := range want {
		if !strings.Contains(out.String(), text) {
			t.Errorf("no %q in\n%s", text, out.String())
		}
	}
	if never != "" && strings.Contains(out.String(), never) {
		t.Errorf("%q in\n%s", never, out.String())
	}
}

// order adds a rule to those of the server.
func order(t *testing.T, s *dialtest.Server, r dialtest.Rule) {
	t.Helper()
	if err := s.Order(r); err != nil {
		t.Fatal(err)
	}
}

// A run that ends early says what it has, and that the next one goes on.
func TestBroken(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	texts := batch("a", 30)
	s.Deliver(texts...)
	args := command(t, s, s.Endpoint(policy.ImplicitTLS), dir)
	order(t, s, dialtest.Rule{At: "UID FETCH *BODY*", Times: 1, Bytes: 550, End: dialtest.EndReset})
	says(t, t.Context(), args, nil, "failed", "1 message saved in this run: run it again to go on")
	s.ClearRules()
	ctx, cancel := context.WithCancel(t.Context())
	order(t, s, dialtest.Rule{At: "UID FETCH *BODY*", Times: 1, Do: func(string) { cancel() }, Skip: true})
	says(t, ctx, args, nil, "hint", "imapsave: interrupted\n0 messages saved in this run: run it again to go on")
	s.ClearRules()
	expect(t, cli.StatusOK, args, "30 messages in INBOX: 1 here already, 29 to fetch", "29 fetched, 0 failed")
	savetest.Once(t, dir, texts)
}

func TestOneFailed(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	s.Deliver(batch("a", 2)...)
	order(t, s, dialtest.Rule{At: "UID FETCH *BODY*", Choose: func(m dialtest.Moment) dialtest.Rule {
		if strings.HasPrefix(m.Command, "UID FETCH 2 ") || strings.HasPrefix(m.Command, "UID FETCH 1:2 ") {
			return dialtest.Rule{Reply: "NO it is gone"}
		}
		return dialtest.Rule{}
	}})
	args := command(t, s, s.Endpoint(policy.ImplicitTLS), dir)
	says(t, t.Context(), args, nil, "again", "1 fetched, 1 failed\n", "imapsave: 1 message could not be had")
}

// Who issued the certificate is not known: the program has a flag for that.
func TestUnknownCA(t *testing.T) {
	s, other := serve(t), serve(t)
	says(t, t.Context(), command(t, other, s.Endpoint(policy.ImplicitTLS), t.TempDir()), nil, "again", "hint: ", "-ca FILE")
}

func TestNoEcho(t *testing.T) {
	s := serve(t)
	null, err := os.Open(os.DevNull) // looks like a terminal, and has no echo
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	args := []string{"-user", "me", s.Endpoint(policy.ImplicitTLS).String(), t.TempDir()}
	says(t, t.Context(), args, null, "exit status", "password: cannot ask without echo, use -password-file\n")
}
