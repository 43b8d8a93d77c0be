package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/check/internal/findings"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/terminal"
	"github.com/mailconn/mailconn/examples/check/internal/webpage"
	"github.com/mailconn/mailconn/policy"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, lines := strings.Split(text, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(lines)) {
		if got[i] != lines[i] {
			t.Fatalf("%s, line %d: %q, want %q", name, i+1, got[i], lines[i])
		}
	}
	if len(got) != len(lines) {
		t.Fatalf("%s: %d lines, want %d", name, len(got), len(lines))
	}
}

// TestDemo compares what is said of the demo, and looks for each kind of finding in it.
func TestDemo(t *testing.T) {
	status, stdout, stderr := program(t, "", "-demo", "-json")
	if status != report.StatusFindings || stderr != "" {
		t.Errorf("%d %s", status, stderr)
	}
	golden(t, "demo.json", stdout)
	r, err := report.Read(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range findings.Kinds() {
		if !slices.Contains(ids(r), id) && id != "other" && id != "certificate-other" && id != "cut-short" { // which have no one cause, or the run's end
			t.Errorf("no server of the demo shows %s", id)
		}
	}
	for _, e := range r.Endpoints {
		if e.Main().Reason == report.NotTLS && e.OldTLS != nil {
			t.Errorf("%v speaks no TLS, and was asked for old versions", e.URL)
		}
	}
	if len(r.Endpoints[0].Outcomes) == 0 || slices.ContainsFunc(r.Findings, func(f report.Finding) bool {
		return slices.Contains(f.Where, r.Endpoints[0].URL.String()) || slices.Contains(f.Where, r.Endpoints[1].URL.String())
	}) {
		t.Error("the good servers have findings")
	}
}

// A report that was written is shown again, the same in all forms, and fits a terminal.
func TestFrom(t *testing.T) {
	_, again, _ := program(t, "", "-json", "-from", "testdata/demo.json")
	golden(t, "demo.json", again)
	status, text, _ := program(t, "", "-from", "testdata/demo.json")
	golden(t, "demo.txt", text)
	if status != report.StatusFindings {
		t.Errorf("status %d", status)
	}
	_, text, _ = program(t, "", "-long", "-from", "testdata/demo.json")
	golden(t, "demo-long.txt", text)
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(line) > 101 {
			t.Errorf("%d columns: %q", utf8.RuneCountInString(line), line)
		}
	}
}

// What was seen is judged anew if the flags say so.
func TestJudgedAnew(t *testing.T) {
	ca, file := newCA(t)
	url := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Implicit: true}).Endpoint(policy.ImplicitTLS).String()
	_, stdout, _ := program(t, "", "-json", "-ca", file, "-days", "5", "-expect", "tls1.3", url)
	saved := writeFile(t, []byte(stdout))
	for flags, want := range map[string][]string{
		"":                                    nil,
		"-days 100000":                        {"certificate-expires"},
		"-expect login":                       {"expected-login"},
		"-expect binding,login -days 1000000": {"expected-login", "expected-binding", "certificate-expires"},
	} {
		status := report.StatusFindings
		if want == nil {
			status = report.StatusPromised
		}
		r := seen(t, status, "", append(strings.Fields(flags), "-from", saved)...)
		if !slices.Equal(ids(r), want) || flags == "" && (r.Days != 5 || !slices.Equal(r.Expect, []string{"tls1.3"})) {
			t.Errorf("%s: %+v", flags, r)
		}
	}
	if status, _, stderr := program(t, "", "-expect", "dane", "-from", saved); status != report.StatusNoLook || !strings.Contains(stderr, "about a domain") {
		t.Errorf("%d %s", status, stderr)
	}
}

// The page is written beside any other form, and is the same data.
func TestPage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	status, _, stderr := program(t, "", "-from", "testdata/demo.json", "-html", file)
	text, err := os.ReadFile(file)
	if err != nil || status != report.StatusFindings || stderr != "" || !strings.Contains(string(text), "imaps://expired.demo.example:993") {
		t.Errorf("%d %s %v", status, stderr, err)
	}
	if status, _, stderr := program(t, "", "-from", "testdata/demo.json", "-html", filepath.Join(file, "x")); status != report.StatusNoLook || stderr == "" {
		t.Errorf("%d %q", status, stderr)
	}
}

// A report that lacks anything is refused, or shown as far as it goes.
func TestIncomplete(t *testing.T) {
	text, err := os.ReadFile("testdata/demo.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	whole["endpoints"] = whole["endpoints"].([]any)[1:3]
	shown := 0
	lacking(whole, func() {
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		shown++
		r.Findings = findings.Of(r)
		if err := terminal.Write(io.Discard, r, terminal.Style{Long: true}); err != nil {
			t.Error(err)
		}
		if shown%8 == 0 { // which takes much longer
			if err := webpage.Write(io.Discard, r); err != nil {
				t.Error(err)
			}
		}
	})
	if shown < 100 {
		t.Errorf("only %d were shown", shown)
	}
}

// lacking calls f with each member and each element taken out of v, one at a time.
func lacking(v any, f func()) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			was := v[name]
			delete(v, name)
			f()
			if list, ok := was.([]any); ok && len(list) > 0 {
				v[name] = list[1:]
				f()
			}
			v[name] = was
			lacking(was, f)
		}
	case []any:
		for _, one := range v {
			lacking(one, f)
		}
	}
}

// What README.md shows is what the program says.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "it says:\n\n")
	section, _, _ = strings.Cut(section, "\n![")
	said, err := os.ReadFile("testdata/demo.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(section) {
		if line = strings.TrimPrefix(line, "    "); strings.TrimSpace(line) != "" {
			lines++
			if !strings.Contains(string(said), line) {
				t.Errorf("the program does not say %q", line)
			}
		}
	}
	if lines < 5 {
		t.Errorf("%d lines", lines)
	}
}
