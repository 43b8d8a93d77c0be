package mend_test

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

func fetch(t *testing.T, text string) mend.Fetch {
	t.Helper()
	b := []byte(text)
	f, err := mend.FetchOf(b, response.ParseHead(b), response.Default())
	if err != nil {
		t.Fatalf("%.100q: %v", text, err)
	}
	return f
}

// Lists are not deeper and values not more than the limits say, also where a response is
// not canonical.
func TestLimits(t *testing.T) {
	l := response.Default()
	const part = `("text" "plain" NIL NIL NIL "7bit" 1 1)`
	deep := func(n int) string {
		return "* 1 FETCH (UID 5  BODYSTRUCTURE " + strings.Repeat("(", n-1) + part + strings.Repeat(` "mixed")`, n-1) + ")\r\n"
	}
	// The limit counts neither the list of the items nor what is beside a list.
	wide := "* 1 FETCH (UID 5  BODYSTRUCTURE (" + strings.Repeat(part, 3*l.Depth) + ` "mixed"))` + "\r\n"
	for name, c := range map[string]struct {
		text string
		want bool // the structure is written
	}{
		"as deep as may be": {deep(l.Depth), true},
		"deeper":            {deep(l.Depth + 1), false},
		"much deeper":       {deep(10 * l.Depth), false},
		"only opened":       {"* 1 FETCH (UID 5 BODYSTRUCTURE " + strings.Repeat("(", l.Line/2) + "\r\n", false},
		"wide":              {wide, true},
	} {
		out, faults := mended(t, c.text, l)
		if strings.Contains(out, "BODYSTRUCTURE") != c.want || !strings.HasPrefix(out, "* 1 FETCH (UID 5") || (len(faults) == 1 && strings.HasPrefix(faults[0], "mended")) != c.want {
			t.Errorf("%s: %.80q, %q", name, out, faults)
		}
	}
	for n, want := range map[int]bool{l.Words()/2 - 10: true, l.Words()/2 + 10: false} {
		out, faults := mended(t, "* 1 FETCH (UID 5  FLAGS (a"+strings.Repeat(" a", n)+"))\r\n", l)
		if strings.Contains(out, "FLAGS") != want {
			t.Errorf("%d flags: %.80q, %q", n, out, faults)
		}
	}
}

// An item that comes twice is written as none, or as one, and not as two.
func TestItemsTwice(t *testing.T) {
	for _, item := range []string{"FLAGS (a)", "MODSEQ (5)", "RFC822.SIZE 5", `INTERNALDATE "17-Jul-1996 02:44:25 -0700"`, "ENVELOPE " + env, "BODYSTRUCTURE (" + basic + " 1)", "BODY (" + basic + " 1)", "UID 7"} {
		out, _ := mended(t, "* 1 FETCH (UID 7  "+item+" "+item+")\r\n", response.Default())
		if name, _, _ := strings.Cut(item, " "); strings.Count(out, name+" ") > 1 {
			t.Errorf("%q", out)
		}
	}
}

// What a Fetch says of its items.
func TestFacts(t *testing.T) {
	for text, want := range map[string]struct {
		uid               uint32
		body, asked, open bool
	}{
		"(FLAGS (a)  UID 5)":                {5, false, false, false},
		"(MODSEQ (7)  FLAGS (a))":           {0, false, false, false},
		"(RFC822.SIZE 9  UID 5)":            {5, false, true, false},
		"(FLAGS (a)  RFC822.SIZE 9)":        {0, false, true, false},
		"(RFC822.SIZE 9  FLAGS (a))":        {0, false, true, false},
		"(BODY[] {2}\r\nab  UID 5)":         {5, true, true, false},
		"(BODY[] {2}\r\nab  RFC822.SIZE 2)": {0, true, true, false},
		"(BINARY[1] {2}\r\nab  FLAGS (a))":  {0, true, true, false},
		"(BINARY.SIZE[1] 9  FLAGS (a))":     {0, false, true, false},
		"(UID 5  FLAGS (a)":                 {5, false, false, true},
		"(UID 5  FLAGS (a":                  {5, false, false, true},
		"(UID 5  UID 6 FLAGS (a))":          {5, false, false, false},
		"(UID 0  FLAGS (a))":                {0, false, false, false},
		"(UID x  FLAGS (a))":                {0, false, false, false},
		"(UID 4294967296  FLAGS (a))":       {0, false, false, false},
	} {
		f := fetch(t, "* 1 FETCH "+text+"\r\n")
		if f.UID != want.uid || f.Body != want.body || f.Asked != want.asked || f.Open != want.open {
			t.Errorf("%s: UID %d, body %v, asked %v, open %v, %q", text, f.UID, f.Body, f.Asked, f.Open, f.Out)
		}
	}
}
