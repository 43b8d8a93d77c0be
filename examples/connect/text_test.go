package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestRow(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"one line", "  label         one line\n"},
		{"", "  label         \n"},
		{"\x1b[2J and \u202e", "  label         ?[2J and ?\n"},
		{strings.Repeat("a", 79) + "  b", "  label         " + strings.Repeat("a", 79) + "\n                b\n"},
		{strings.Repeat("a", 90), "  label         " + strings.Repeat("a", 90) + "\n"},
	} {
		var out bytes.Buffer
		if row(&out, "label", c.text); out.String() != c.want {
			t.Errorf("%q:\n%q, want\n%q", c.text, out.String(), c.want)
		}
	}
}
