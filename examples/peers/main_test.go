package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// newFile returns a file that remembers servers, by their URLs.
func newFile(t *testing.T, records map[string]peers.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "peers")
	s, err := filestore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for url, r := range records {
		e, err := dial.ParseEndpoint(url)
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Peer()
		if err := errors.Join(err, s.Remember(t.Context(), p, r)); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// record returns what a session some days ago has shown.
func record(daysAgo int) peers.Record {
	seen := time.Now().Add(time.Duration(-daysAgo) * day)
	return peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: tls.VersionTLS13,
		Leaf: trust.KeyHash{0xab}, Issuer: trust.KeyHash{0xcd}, Mechanisms: peers.MechanismSet("PLAIN", "SCRAM-SHA-256"),
		FirstSeen: seen.Add(-day), LastSeen: seen, Lifetime: 180 * day,
	}
}

func date(days int) string {
	return time.Now().UTC().Add(time.Duration(days) * day).Format(dateFormat)
}

// expect runs the program and looks for lines in what it writes: in the order
// given, blanks not counted.
func expect(t *testing.T, status int, args []string, lines ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	got := run(t.Context(), args, &stdout, &stderr)
	text := stderr.String() + stdout.String()
	if got != status {
		t.Errorf("%q: status %d, want %d; it says\n%s", args, got, status, text)
	}
	rest := strings.Join(strings.Fields(text), " ")
	for _, line := range lines {
		_, after, ok := strings.Cut(rest, line)
		if !ok {
			t.Fatalf("%q: no %q (or not in its place) in\n%s", args, line, text)
		}
		rest = after
	}
}

func TestList(t *testing.T) {
	old := record(300)
	old.Policy, old.Verified, old.Version = policy.ImplicitTLS, trust.Pinned, tls.VersionTLS12
	file := newFile(t, map[string]peers.Record{"imap://mail.test": record(10), "pop3s://mail.test": old, "smtp://a.test": record(-400)})
	expect(t, statusOK, []string{file, "list"},
		"imap mail.test:143 TLS 1.3 by required-starttls, verified by certificate, seen on "+date(-10)+", held until "+date(170),
		"pop3 mail.test:995 TLS 1.2 by implicit-tls, verified by a pinned key, seen on "+date(-300)+", expired on "+date(-120),
		"smtp a.test:25", "seen on "+date(0)+", held until "+date(180))
	expect(t, statusOK, []string{newFile(t, nil), "list"}, "no servers are remembered")
}

func TestExplain(t *testing.T) {
	bare := record(10)
	bare.Issuer, bare.Mechanisms = trust.KeyHash{}, 0
	file := newFile(t, map[string]peers.Record{
		"imap://mail.test": record(10), "imap://old.test": record(181), "imap://ahead.test": record(-400), "imap://bare.test": bare,
	})
	for _, url := range []string{"imap://mail.test", "imap+opportunistic://MAIL.test.", "imap+plain://mail.test:143"} {
		expect(t, statusOK, []string{file, "explain", url},
			"imap mail.test:143: remembered", "last seen "+date(-10)+", with TLS 1.3 by required-starttls", "first seen "+date(-11),
			"key ab0000", "issuer's key cd0000", "mechanisms PLAIN SCRAM-SHA-256", "expires "+date(170)+", in 169 days",
			"opportunistic-starttls STARTTLS is demanded, as under required-starttls, until "+date(170), policy.ErrRemembered.Error(),
			"required-starttls", "implicit-tls", "no-tls", "HoldVersion TLS 1.3 or later", "HoldAuth it is not shown a password")
	}
	expect(t, statusOK, []string{file, "explain", "imap://old.test"},
		"expired "+date(-1), "opportunistic-starttls STARTTLS if it is offered, else in the clear: the record has expired",
		"HoldVersion nothing", "HoldAuth nothing")
	expect(t, statusOK, []string{file, "explain", "imap://ahead.test"},
		"last seen "+date(0), "recorded as "+date(400)+", by a clock that was ahead", "expires "+date(180))
	expect(t, statusOK, []string{file, "explain", "imap://bare.test"},
		"issuer's key none", "mechanisms none", "HoldAuth nothing: it was not seen to take SCRAM")
	expect(t, statusStranger, []string{file, "explain", "imaps://mail.test"},
		"imap mail.test:993: not remembered", "opportunistic-starttls STARTTLS if it is offered, else in the clear", "HoldVersion nothing", "HoldAuth nothing")
}

// What is explained is what happens, on a network that hides STARTTLS.
func TestExplained(t *testing.T) {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	m, err := dialtest.Interpose(srv.Addr(), policy.IMAP, dialtest.Strip)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	e := m.Endpoint(policy.OpportunisticSTARTTLS)
	for name, c := range map[string]struct {
		records map[string]peers.Record
		status  int
		refused bool
	}{
		"remembered": {map[string]peers.Record{e.String(): record(10)}, statusOK, true},
		"ahead":      {map[string]peers.Record{e.String(): record(-400)}, statusOK, true},
		"expired":    {map[string]peers.Record{e.String(): record(181)}, statusOK, false},
		"unknown":    {nil, statusStranger, false},
	} {
		file := newFile(t, c.records)
		says := map[bool]string{true: "opportunistic-starttls STARTTLS is demanded", false: "opportunistic-starttls STARTTLS if it is offered"}[c.refused]
		expect(t, c.status, []string{file, "explain", e.String()}, says)
		s, err := filestore.Open(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := (&dial.Dialer{TLSConfig: srv.ClientConfig(), Peers: s}).Dial(t.Context(), e)
		if err == nil {
			conn.Close()
		}
		if (err != nil) != c.refused || c.refused && !errors.Is(err, policy.ErrRemembered) {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
	}
}

func TestForget(t *testing.T) {
	file := newFile(t, map[string]peers.Record{"imap://mail.test": record(10), "pop3://mail.test": record(10), "imap://old.test": record(200)})
	expect(t, statusOK, []string{file, "forget", "imap://mail.test"}, "imap mail.test:143 is forgotten: it was TLS 1.3 by required-starttls")
	expect(t, statusStranger, []string{file, "forget", "imap://mail.test"}, "imap mail.test:143 was not remembered")
	expect(t, statusOK, []string{file, "prune"}, "1 forgotten")
	expect(t, statusStranger, []string{file, "explain", "imap://old.test"}, "not remembered")
	expect(t, statusOK, []string{file, "explain", "pop3://mail.test"}, "remembered")
}

func TestFile(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	expect(t, statusFailed, []string{missing, "list"}, "peers:", missing)
	if _, err := os.Stat(missing); err == nil {
		t.Error("a file was made")
	}
	file := newFile(t, map[string]peers.Record{"imap://mail.test": record(10)})
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("an edit by hand\n")
	f.Close()
	for _, command := range []string{"list", "prune", "explain imap://mail.test", "forget imap://mail.test"} {
		expect(t, statusFailed, append([]string{file}, strings.Fields(command)...), "peers:", file+":3:", "left as it is")
	}
	if os.PathSeparator == '/' {
		file = newFile(t, nil)
		os.Chmod(file, 0o666)
		expect(t, statusFailed, []string{file, "list"}, "peers:", file, "chmod 600")
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"", "want a file and a command"},
		{"f", "want a file and a command"},
		{"f burn", `unknown command "burn"`},
		{"f list imap://a.test", "want nothing after list"},
		{"f explain", "want one URL"},
		{"f forget imap://a.test imap://b.test", "want one URL"},
		{"f forget a.test", "not a URL"},
		{"-x f list", "-x"},
	} {
		expect(t, statusUsage, strings.Fields(c.args), "peers:", c.says, "-h for help")
	}
	expect(t, statusOK, []string{"-h"}, "usage: peers FILE list", "exit status")
}
