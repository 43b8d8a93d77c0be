package auth_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/wire"
)

// kindsOf reads the kinds from the source, so that none can be left out.
func kindsOf(t *testing.T) (kinds []auth.Kind) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "errorkind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Kind") {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, auth.Kind(text))
		}
		return true
	})
	return kinds
}

// Every kind has a hint, whatever else is known, that is a sentence, does not speak of
// words where there are none, and never leads to a connection without TLS. Each is
// found by errors.Is.
func TestEveryKindHasAHint(t *testing.T) {
	kinds := kindsOf(t)
	if len(kinds) != 15 {
		t.Errorf("%d kinds", len(kinds))
	}
	seen := map[auth.Kind]bool{}
	for _, k := range kinds {
		if seen[k] {
			t.Errorf("%s is there twice", k)
		}
		seen[k] = true
		for _, reply := range []string{"", "535 no"} {
			for _, mechanism := range []string{"", "PLAIN", "XOAUTH2", "EXTERNAL", "ANONYMOUS"} {
				for _, guessed := range []bool{false, true} {
					e := &auth.Error{Kind: k, Mechanism: mechanism, Reply: reply, Guessed: guessed}
					where := &dial.Error{Phase: dial.PhaseAuth, Err: e}
					hint := where.Hint()
					if !strings.HasSuffix(hint, ".") || strings.Contains(hint, "()") || hint != wire.Printable(hint) {
						t.Errorf("%s by %q: hint %q", k, mechanism, hint)
					}
					if reply == "" && strings.Contains(hint, " words") {
						t.Errorf("%s by %q: %q, and there are none", k, mechanism, hint)
					}
					for _, bad := range []string{"without TLS", "NoTLS", "nsecure", "disable", "turn off"} {
						if strings.Contains(hint, bad) {
							t.Errorf("%s: %q", k, hint)
						}
					}
					if blames := strings.Contains(hint, "check both"); blames && k != auth.KindCredentials {
						t.Errorf("%s blames user and password: %q", k, hint)
					}
					if !errors.Is(where, k) {
						t.Errorf("%v is no %s", where, k)
					}
				}
			}
		}
	}
}

// hostileTexts are what a server may put wherever it is quoted.
func hostileTexts() []string {
	return []string{
		"\x1b[2J", "\r\nC: LOGIN", "\x00", "\u202egnp.exe", "\u2066\u2069", "\ufeff", "\u200b\u200d", "\x7f\x80\x9b31m", "\xff\xfe\xc3(", "\u2028\u2029",
		strings.Repeat("x", 1<<20), strings.Repeat("\x1b", 1000), strings.Repeat("\u6f22", 400), strings.Repeat("\U0001f600", 200), strings.Repeat("\"", 600),
		strings.Repeat("\\", 600), "\t\t\t", "%s%d%!", "a\u0300\u0301\u0302", strings.Repeat("\xf0\x9f", 300),
	}
}

// Whatever a server says, no error is unprintable or longer than 512 bytes.
func TestHostileTexts(t *testing.T) {
	for _, text := range hostileTexts() {
		for _, k := range kindsOf(t) {
			errs := []error{
				&auth.Error{Kind: k, Mechanism: text, Reply: text, Code: text},
				&auth.Error{Kind: k, Offered: []string{text, text}, Acceptable: []string{text}},
				&auth.Error{Kind: k, Err: errors.New(text)},
				&auth.TokenError{Status: text, Scope: text, Discovery: text},
				&auth.Error{Kind: k, Reply: text, Err: &auth.TokenError{Status: text, Scope: text}},
			}
			for _, err := range errs {
				if got := err.Error(); got != wire.Printable(got) || len(got) > 512 {
					t.Errorf("%T %s of %.20q: %d bytes, %.100q", err, k, text, len(got), got)
				}
				if e, ok := err.(*auth.Error); ok && (e.Hint() != wire.Printable(e.Hint())) {
					t.Errorf("%s of %.20q: hint %.100q", k, text, e.Hint())
				}
			}
		}
	}
	for _, text := range hostileTexts() { // and through a login
		for _, detail := range []string{"SCRAM-SHA-256", "XOAUTH2", "PLAIN"} {
			on := &transport{list: []string{detail}}
			on.last = func([]string) auth.Answer {
				return auth.Answer{Status: auth.Refused, Kind: auth.KindRefused, Guessed: true, Reply: text}
			}
			var creds auth.Credentials = bySCRAM(detail)
			if detail == "XOAUTH2" {
				creds = byToken(detail)
			}
			_, err := authenticate(t, on, creds)
			var failed *auth.Error
			if !errors.As(err, &failed) || failed.Reply != wire.Printable(failed.Reply) || len(failed.Reply) > 512 {
				t.Errorf("%s, %.20q: %.100v", detail, text, fmt.Sprint(err))
			}
		}
	}
}
