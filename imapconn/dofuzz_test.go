package imapconn_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// Whatever is in an argument, the server reads one command with that argument.
func FuzzDo(f *testing.F) {
	for _, seed := range []string{"", "a", "a\r\nM1 LOGOUT\r\n", `"`, `\`, "{3}\r\nabc", "{3+}", "a b", "ü\x00", "\xff", "(", ")", "NIL", "*", "]"} {
		f.Add(seed, seed)
	}
	s := new(recorder)
	c := s.session(f, "LITERAL+", nil)
	f.Fuzz(func(t *testing.T, a, b string) {
		list := imapconn.List{a, imapconn.Atom(b), []byte(a)}
		sent := [][]any{{a}, {imapconn.Atom(b)}, {imap.Flag(a)}, {imapconn.MailboxName(b)}, {list, 7}, {imapconn.List{list}, b}}
		for _, args := range sent {
			if _, err := c.Do(t.Context(), "X", args...); err != nil {
				if c.Err() != nil {
					t.Fatal(c.Err())
				}
				continue
			}
			said := s.take()
			if len(said) != 1 {
				t.Fatalf("%q: said %q", args, said)
			}
			checkSaid(t, args, said[0])
		}
	})
}

// checkSaid fails if a command has other arguments than args.
func checkSaid(t *testing.T, args []any, said string) {
	rest, ok := strings.CutPrefix(said, "X")
	for _, arg := range args {
		if ok {
			rest, ok = strings.CutPrefix(rest, " ")
		}
		if ok {
			rest, ok = cutValue(rest, arg)
		}
	}
	if !ok || rest != "" {
		t.Fatalf("%q: said %q", args, said)
	}
}

// cutValue reads an argument as the standard has it, and reports whether it is arg.
func cutValue(said string, arg any) (rest string, ok bool) {
	switch arg := arg.(type) {
	case imapconn.List:
		rest, ok = strings.CutPrefix(said, "(")
		for i, member := range arg {
			if i > 0 && ok {
				rest, ok = strings.CutPrefix(rest, " ")
			}
			if ok {
				rest, ok = cutValue(rest, member)
			}
		}
		if !ok {
			return "", false
		}
		return strings.CutPrefix(rest, ")")
	case string:
		return cutString(said, arg)
	case []byte:
		return cutString(said, string(arg))
	case imapconn.MailboxName:
		if said == "" || said[0] != '"' {
			return "", false
		}
		end := 1
		for ; end < len(said) && said[end] != '"'; end++ {
			if said[end] < ' ' || said[end] >= 0x7f {
				return "", false
			}
			if said[end] == '\\' {
				end++
			}
		}
		return said[min(end+1, len(said)):], end < len(said)
	}
	word := fmt.Sprint(arg)
	if strings.ContainsAny(word, " \r\n\"(){") {
		return "", false
	}
	return strings.CutPrefix(said, word)
}

// cutString reads a quoted string or a literal.
func cutString(said, want string) (rest string, ok bool) {
	if n, isLiteral := strings.CutPrefix(said, "{"+strconv.Itoa(len(want))+"+}\r\n"); isLiteral {
		return strings.CutPrefix(n, want)
	}
	quoted := strings.ReplaceAll(strings.ReplaceAll(want, `\`, `\\`), `"`, `\"`)
	if strings.ContainsAny(want, "\r\n\x00") {
		return "", false
	}
	return strings.CutPrefix(said, `"`+quoted+`"`)
}
