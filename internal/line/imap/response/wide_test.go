package response_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/policy"
)

// Depth is how many lists are within each other, and not how many there are.
func TestWideIsNotDeep(t *testing.T) {
	const n = 200
	for _, text := range []string{
		"* 1 FETCH (BODYSTRUCTURE (" + strings.Repeat(`("text" "plain" NIL NIL NIL "7bit" 1 1)`, n) + ` "mixed"))`,
		"* 1 FETCH (BODYSTRUCTURE (" + strings.Repeat(`(("text" "plain" NIL NIL NIL "7bit" 1 1) "mixed")`, n) + ` "mixed"))`,
		"* THREAD " + threads(n, func(i int) string { return fmt.Sprintf("(%d)", i) }),
		"* THREAD (1 " + threads(n, func(i int) string { return fmt.Sprintf("(%d)", i) }) + ")",
	} {
		if !strict(text + "\r\n") {
			t.Errorf("does not pass: %.100q", text)
		}
	}
}

func threads(n int, thread func(int) string) string {
	var s strings.Builder
	for i := range n {
		s.WriteString(thread(i + 2))
	}
	return s.String()
}

// The client looks for the UID in the first items only.
func TestLateUID(t *testing.T) {
	for n, want := range map[int]bool{0: true, 31: true, 32: false, 100: false} {
		if text := "* 1 FETCH (" + strings.Repeat("BINARY.SIZE[1] 1 ", n) + "UID 5)\r\n"; strict(text) != want {
			t.Errorf("behind %d items: %v", n, !want)
		}
	}
}

// All kinds of words count.
func TestWordsOfAllKindsAreCounted(t *testing.T) {
	n := response.Default().Words() + 1
	for _, text := range []string{
		`* FLAGS (\a` + strings.Repeat(` \a`, n) + ")", `* LIST (\a` + strings.Repeat(` \a`, n) + `) "/" x`, "* CAPABILITY A" + strings.Repeat(" A", n),
		"* OK [CAPABILITY A" + strings.Repeat(" A", n) + "] x", "* OK [PERMANENTFLAGS (a" + strings.Repeat(" a", n) + ")] x", "* ENABLED A" + strings.Repeat(" A", n),
		"* 1 FETCH (FLAGS (a" + strings.Repeat(" a", n) + "))", "* 1 FETCH (ENVELOPE (NIL NIL (" + strings.Repeat("(NIL NIL NIL NIL)", n) + ") NIL NIL NIL NIL NIL NIL NIL))",
		`* 1 FETCH (BODYSTRUCTURE ("text" "plain" ("a" "b"` + strings.Repeat(` "a" "b"`, n) + `) NIL NIL "7bit" 1 1))`,
		`* ID ("a" "b"` + strings.Repeat(` "a" "b"`, n) + ")", "* STATUS x (MESSAGES 1" + strings.Repeat(" MESSAGES 1", n) + ")",
	} {
		if len(text) < response.Default().Line && strict(text+"\r\n") {
			t.Errorf("passes: %.60q", text)
		}
	}
}

// Names and sets that are nearly right.
func TestNearlyCanonical(t *testing.T) {
	for _, text := range []string{
		"* LIST () \"\x7f\" x", "* LIST () \"\x80\" x", "* LIST () \"\x01\" x", "* LIST () \"/\" \"a\x7f\"", "* LIST () \"/\" \"a\x01\"", "* LIST () \"/\" a\x7f",
		`* LIST () "/" "&2AAAQQ-"`, `* LIST () "/" "&3AA-"`, `* LIST () "/" "&3ADYAA-"`, `* LIST () "/" "&2AA-&3AA-"`, `* LIST () "/" "&-&"`, `* LIST () "/" "&AOQ"`,
		"* OK [COPYUID 1 5:2 1:4] x", "* OK [COPYUID 1 1:4 5:2] x", "* OK [COPYUID 1 1:2 3:5] x", "* OK [COPYUID 1 3,1:2 1:3] x", "* OK [COPYUID 1 1, 2] x",
		`* ESEARCH (TAG "a") ALL 5:2`, `* ESEARCH (TAG "a") ALL 1:3,2`, `* ESEARCH (TAG "a") ALL 1:3,3:4`, "* SEARCH 123456789012345678901",
	} {
		if strict(text + "\r\n") {
			t.Errorf("passes: %q", text)
		}
	}
	for _, text := range []string{`* LIST () "\"" x`, `* LIST () "\\" x`, `* LIST () "/" "&2D3cAA-"`, `* LIST () "/" "&-"`, `* ESEARCH (TAG "a") ALL 1:3,5`, "* OK [COPYUID 1 1:3,5 2:5] x"} {
		if !strict(text + "\r\n") {
			t.Errorf("does not pass: %q", text)
		}
	}
}

// The literals of a response are bounded together, and apart from its line.
func TestFrameHoldsLiterals(t *testing.T) {
	limits := response.Limits{Line: 100, Literal: 1000, Depth: 8, Set: 9}
	item := func(n int) string { return fmt.Sprintf(" {%d}\r\n%s", n, strings.Repeat("x", n)) }
	for _, c := range []struct {
		text string
		err  error
	}{
		{"* X" + item(500) + item(500) + "\r\n", nil},
		{"* X" + item(500) + item(501) + "\r\n", policy.ErrLimit},
		{"* X" + item(1000) + item(0) + "\r\n", nil},
		{"* X" + item(1000) + item(0) + strings.Repeat("y", 100) + "\r\n", policy.ErrLimit},
		{"* 1 FETCH (BODY[]" + item(2000) + " ENVELOPE" + item(1000) + ")\r\n", nil},
		{"* 1 FETCH (BODY[]" + item(2000) + " ENVELOPE" + item(1001) + ")\r\n", policy.ErrLimit},
	} {
		e, err := find(c.text, 7, limits)
		if !errors.Is(err, c.err) || err == nil && e.Len != len(c.text) {
			t.Errorf("%.60q: %+v, %v", c.text, e, err)
		}
	}
}
