package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
)

// state returns the commands that are pending: their names, whether they wait for a
// continuation request, and the one that is half written in brackets.
func state(p *commands.Pending) string {
	var all []string
	for _, c := range p.List {
		word := fmt.Sprint(c.Tag, " ", c.Name)
		if c.ByUID {
			word += " by UID"
		}
		if len(c.Wanted) > 0 {
			word += " " + string(c.Wanted.AppendText(nil))
		}
		if c.Waits {
			word += "+"
		}
		if c == p.Open {
			word = "[" + word + "]"
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}

// What go-imap's client writes is followed, however it is cut into writes behind the name of
// the command, which the client writes at once.
func TestPendingWrites(t *testing.T) {
	for written, want := range map[string]string{
		"":                                      "",
		"T1 NOOP\r\n":                           "1 NOOP",
		"T1 NOO":                                "[1 NOO]",
		"T12 UID FETCH 1:3,9 (FLAGS)\r\n":       "12 FETCH by UID 1:3,9",
		"T1 STORE 4:* +FLAGS (\\Seen)\r\n":      "1 STORE 4:*",
		"T1 FETCH $ (FLAGS)\r\n":                "1 FETCH",
		"T1 APPEND x {5}\r\n":                   "[1 APPEND+]",
		"T1 APPEND x {5}\r\nT2 NO":              "[1 APPEND+]", // the literal
		"T1 APPEND x {5}\r\nT2 NO\r\n":          "1 APPEND",
		"T1 APPEND x {9+}\r\nT2 NOOP\r\n":       "[1 APPEND]",
		"T1 APPEND x {9+}\r\nT2 NOOP\r\n\r\n":   "1 APPEND",
		"T1 SEARCH {1}\r\na {1+}\r\nb\r\n":      "1 SEARCH",
		"T1 SEARCH TEXT {2}\r\n{9 ALL\r\n":      "1 SEARCH",
		"T1 IDLE\r\n":                           "1 IDLE+",
		"T1 APPEND x {-1}\r\n":                  "1 APPEND",
		"M1 NOOP\r\nX NOOP\r\nT01 A\r\nT A\r\n": "",
	} {
		for cut := range len(written) + 1 {
			words := strings.Count(written[:cut], " ")
			if ahead := cut > 0 && cut < len(written) && words < 2+strings.Count(written, "UID"); ahead {
				continue
			}
			var p commands.Pending
			p.Write([]byte(written[:cut]))
			p.Write([]byte(written[cut:]))
			if got := state(&p); got != want {
				t.Errorf("%q, cut at %d: %s, want %s", written, cut, got, want)
			}
		}
	}
}

// An IDLE goes on until DONE, which is no command, and is not written behind the end of one.
func TestPendingIdle(t *testing.T) {
	var p commands.Pending
	done := []byte("DONE\r\n")
	p.Write([]byte("T1 IDLE\r\n"))
	c := p.Waiting()
	if c == nil || !p.Idles() || p.Idling() || p.Due() != c {
		t.Fatalf("%s is not a beginning IDLE", state(&p))
	}
	c.Waits, c.Idling = false, true
	if !p.Idling() || p.Due() != nil || p.EndsNoIdle(done) {
		t.Errorf("%s is not open", state(&p))
	}
	p.Write(done)
	if p.Idling() || p.Due() != c || len(p.List) != 1 {
		t.Errorf("%s is not at its end", state(&p))
	}
	if p.Remove(c); !p.None() || !p.EndsNoIdle(done) || p.EndsNoIdle([]byte("T2 NOOP\r\n")) {
		t.Errorf("%s is left", state(&p))
	}
	p.Write([]byte("T2 APPEND x {6+}\r\n"))
	if p.EndsNoIdle(done) {
		t.Error("a content is taken for the end of an IDLE")
	}
}
