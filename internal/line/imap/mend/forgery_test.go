package mend_test

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// honest is what a server says of a message that real@host sent, with the subject as
// the sender wrote it: a server that does not escape quotes.
func honest(subject string) []string {
	const real = `((NIL NIL "real" "host"))`
	envelope := `ENVELOPE ("date" "` + subject + `" ` + strings.Repeat(real+" ", 3) + `NIL NIL NIL NIL "<id>")`
	body := `BODYSTRUCTURE ("text" "plain" ("name" "` + subject + `") NIL NIL "7bit" 1 1)`
	return []string{
		`* 7 FETCH (UID 42 FLAGS (\Seen) RFC822.SIZE 9 ` + envelope + `)`,
		`* 7 FETCH (` + envelope + ` UID 42 FLAGS (\Seen) RFC822.SIZE 9)`,
		`* 7 FETCH (FLAGS (\Seen) ` + envelope + ` UID 42 ` + body + ` RFC822.SIZE 9)`,
		`* 7 FETCH (` + body + ` RFC822.SIZE 9 UID 42)`,
	}
}

// genuine finds what may be in a FETCH of that message.
var genuine = regexp.MustCompile(`UID 42\b|FLAGS \(\\Seen\)|RFC822\.SIZE 9\b`)

// checkForgery fails if a subject can make a message look like another: with another
// UID, other flags, another size or another sender.
func checkForgery(t *testing.T, subject string) {
	control := func(r rune) bool { return r < ' ' || r == 0x7f } // would make a literal, whose content is no item
	if strings.ContainsFunc(subject, control) || len(subject) > 4096 {
		return
	}
	for _, text := range honest(subject) {
		b := []byte(text + "\r\n")
		h := response.ParseHead(b)
		out := b
		if s := (response.Scanner{Limits: limits()}); !s.Scan(b, h) {
			f, err := mend.FetchOf(b, h, response.Default())
			if err != nil {
				continue
			}
			out = f.Out
		}
		checkGenuine(t, out, text)
	}
}

func checkGenuine(t *testing.T, out []byte, text string) {
	t.Helper()
	rest := string(out)
	if i := strings.Index(rest, "ENVELOPE"); i >= 0 {
		envelope := rest[i:]
		if !strings.Contains(envelope, `((NIL NIL "real" "host"))`) || strings.Contains(envelope, `"evil"`) {
			t.Fatalf("another sender: %q of %q", out, text)
		}
	}
	// Strings apart, which hold what the sender wrote, only the genuine items are left.
	rest = regexp.MustCompile(`\{[0-9]+\}|"(\\.|[^"\\])*"`).ReplaceAllString(rest, "")
	rest = genuine.ReplaceAllString(rest, "")
	if bytes.Contains([]byte(rest), []byte("UID")) || strings.Contains(rest, "FLAGS") || strings.Contains(rest, "SIZE") {
		t.Fatalf("not genuine: %q of %q", out, text)
	}
}

// forgeries are subjects that try to pass for the rest of the response.
func forgeries() []string {
	const rest = `((NIL NIL "evil" "x")) NIL NIL NIL NIL NIL NIL "<i>") `
	return []string{
		`hello`, `say "hi"`, `a" "b`, `a" ` + rest, `a" ` + rest + `UID 7 FLAGS (\Deleted)) "`, `a" ` + rest + `UID 7 X "`, `a" ` + rest + `UID 7 X (`, `a" ` + rest + `BODY[] "`,
		`x" UID 7`, `x" UID 7 `, `x" FLAGS (\Deleted`, `x" FLAGS ("\\Deleted`, `x") UID 7)`, `x" INTERNALDATE "1-Jan-2001 00:00:00 +0000`, `x" RFC822.SIZE 1`, `"`, `""`, `\`, `\"`, `x\`, `" NIL NIL NIL NIL NIL NIL NIL NIL) UID 7 FLAGS () NIL NIL "`,
		`x") UID 7) (`, `x" NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS (\Deleted) NIL ("`, `{3}`, `x" {3}`, `x" ((NIL NIL "evil" "x")) `, `x" ((NIL NIL "evil" "x")) NIL NIL NIL NIL NIL "`,
	}
}

func TestNoForgeries(t *testing.T) {
	for _, subject := range forgeries() {
		checkForgery(t, subject)
	}
	r := rand.New(rand.NewPCG(7, 8))
	pieces := []string{`"`, ` `, `(`, `)`, `\`, `NIL`, `NIL NIL `, `UID 7`, `FLAGS (\Deleted)`, ` ((NIL NIL "evil" "x"))`, `RFC822.SIZE 1`, `BODY[] `, `""`, `X`, `[`, `]`, `"a"`, `5`, `{2}`}
	for range 5000 {
		var subject strings.Builder
		for range 1 + r.IntN(12) {
			subject.WriteString(pieces[r.IntN(len(pieces))])
		}
		checkForgery(t, subject.String())
	}
}

func FuzzForgery(f *testing.F) {
	for _, subject := range forgeries() {
		f.Add(subject)
	}
	f.Fuzz(checkForgery)
}

// Whatever comes in, what comes out is read by the client.
func FuzzMend(f *testing.F) {
	for _, text := range append(forgeries(), "* 1 FETCH (FLAGS (a)", "* LIST () x y", "* ESEARCH (TAG a) ALL 3,1", "* OK [x (]) y", ` UID 5 BODY[] "x")`, "* THREAD (1(2))", "* SEARCH 3 2 (MODSEQ 1)") {
		f.Add([]byte(text + "\r\n"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := response.Default()
		s := response.Scanner{Limits: &l}
		h := response.ParseHead(b)
		if tail, err := mend.TailOf(b, l); err == nil && tail.Out != nil && !s.ScanTail(tail.Out, false) {
			t.Fatalf("tail %q of %q", tail.Out, b)
		}
		var out []byte
		switch h.Kind {
		case response.Unknown:
			return
		case response.Fetch:
			fetch, err := mend.FetchOf(b, h, l)
			if err != nil {
				return
			}
			out = fetch.Out
		default:
			out = mend.ResponseOf(b, h, l).Out
		}
		if out != nil && !s.Scan(out, response.ParseHead(out)) {
			t.Fatalf("%q of %q", out, b)
		}
	})
}

// limits returns the default ones.
func limits() *response.Limits {
	l := response.Default()
	return &l
}
