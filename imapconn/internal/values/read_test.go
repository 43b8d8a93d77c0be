package values_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/imapconn/internal/values"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

type atom string

var types = values.Types{
	Atom: func(text string) any { return atom(text) },
	List: func(members []any) any { return members },
}

// text returns values so that an atom, a string and NIL look different.
func text(list []any) string {
	var all []string
	for _, v := range list {
		switch v := v.(type) {
		case atom:
			all = append(all, string(v))
		case string:
			all = append(all, fmt.Sprintf("%q", v))
		case nil:
			all = append(all, "<nil>")
		case []any:
			all = append(all, "("+text(v)+")")
		}
	}
	return strings.Join(all, " ")
}

func TestRead(t *testing.T) {
	for b, want := range map[string]string{
		"":                                     "",
		"\r\n":                                 "",
		"A 1 \\Seen *\r\n":                     `A 1 \Seen *`,
		"  A   B  \n":                          "A B",
		"NIL nil \"NIL\" NILS":                 `<nil> <nil> "NIL" NILS`,
		`"" "a b" "q\"\\" "é"`:                 `"" "a b" "q\"\\" "é"`,
		"{3}\r\na\r\n {0}\r\n ~{1}\r\n\x00":    `"a\r\n" "" "\x00"`,
		"{2+}\r\nab":                           `"ab"`,
		"() (A (B ()) \"c\")":                  `() (A (B ()) "c")`,
		"A(B)C":                                "A (B) C",
		"BODY[HEADER.FIELDS (TO \"CC\")]<0> x": `BODY[HEADER.FIELDS (TO "CC")]<0> x`,
		"~ a]b":                                "~ a]b",
	} {
		if got, ok := values.Read([]byte(b), response.Default(), types); !ok || text(got) != want {
			t.Errorf("%q is %s, %v; want %s", b, text(got), ok, want)
		}
	}
	for _, b := range []string{
		"(", ")", "(A", "A)", "(A))", `"a`, "\"a\r\nb\"", `"a\`, "{3}\r\nab", "{3}", "{x}\r\nabc", "{-1}\r\n", "{99999999999999999999}\r\n",
		"a\"b", "a{1}\r\nb", "BODY[", "BODY[(A ", "\x01", "a\x00b", "A\r\nB",
	} {
		if got, ok := values.Read([]byte(b), response.Default(), types); ok {
			t.Errorf("%q is %s", b, text(got))
		}
	}
}

// Lists and values are read up to the limits, and not beyond.
func TestReadIsBounded(t *testing.T) {
	limits := response.Default()
	nested := func(depth int) []byte { return []byte(strings.Repeat("(", depth) + strings.Repeat(")", depth)) }
	many := func(n int) []byte { return []byte(strings.Repeat("a ", n)) }
	for name, test := range map[string]struct {
		b  []byte
		ok bool
	}{
		"depth": {nested(limits.Depth), true}, "too deep": {nested(limits.Depth + 1), false},
		"words": {many(limits.Words()), true}, "too many": {many(limits.Words() + 1), false},
	} {
		if _, ok := values.Read(test.b, limits, types); ok != test.ok {
			t.Errorf("%s: %v", name, ok)
		}
	}
}
