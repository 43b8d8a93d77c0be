package message_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// literal returns a text as a literal, which may have any character.
func literal(text string) string { return fmt.Sprintf("{%d}\r\n%s", len(text), text) }

// What senders write as identifiers is read as the client reads it.
func TestOddIdentifiers(t *testing.T) {
	for _, id := range []string{
		"", " ", "a@b", "x<a@b>", ") <a@b>", `\ <a@b>`, "<", "<>", "<@>", "<@b>", "<a@>", "<a>", "<a@b", "<a@b>x", "<a@b> <", "<.a@b>", "<a@b.>",
		"<a@b@c>", "<a b@c>", "<a@b c>", "<a@b><c@d>", "<a@b>,<c@d>", "<a@b>\t<c@d> (e)", "<a,b@c>", "<a@b,c>", `<"a b"@c>`, `<a\@b>`, "<a@(b)>", "<(a)@b>", "<<a@b>", "<a@<b>",
		"<a@[b]>", "<a@[]>", "<a@[b>", "<a@[b>]>", "<a@[b]", "<a@[b]x>", "<a@[b c]>", "<a@[b[]>", `<a@[b\]>`, `<a@[b\\]>`, "<a@x[b]>", "<a@[b\x01]>", "<a@[b\x7f]>",
		"(c) <a@b>", "(c <a@b>", "(c (d)) <a@b>", "(c (d) <a@b>", `(c\) <a@b>) <c@d>`, `(c\\) <a@b>`, "<a@b> (c) <c@d> (d) <e@f", "(", "()", ")", "(\\",
		"<a\x00@b>", "<a\x7f@b>", "<a@b\x01>", "<a@b\x7f>", "<\xffa@b>", "<a@\xff>", "<ä@ö>", "<a\u00a0@b>", "\u00a0<a@b>", "\r\n <a@b>",
	} {
		checkSame(t, "* 7 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL "+literal(id)+" "+literal(id)+"))\r\n")
	}
}

// What senders write as a date is read as the client reads it.
func TestOddDates(t *testing.T) {
	for _, date := range []string{
		"", " ", "Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 02 Jan 2006 15:04:05 +0000 (UTC)", "2 Jan 2006 15:04:05 -0700", "02 Jan 2006 15:04:05 -0700 (MST)",
		"Mon, 2 Jan 2006 15:04:05 -0700 (Mountain Time)", "Mon, 2 Jan 2006 15:04:05 -0700 (mst)", "Mon, 2 Jan 2006 15:04:05 -0700 (MST", "Mon, 2 Jan 2006 15:04:05 -0700 ()",
		"Mon, 2 Jan 2006 15:04:05 -0700 (A) (B)", "Mon, 2 Jan 2006 15:04:05 (MST) -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04 -0700", "Mon, 2 Jan 06 15:04:05 GMT",
		"Mon,2 Jan 2006 15:04:05 -0700", "Mon 2 Jan 2006 15:04:05 -0700", "Tue, 2 Jan 2006 15:04:05 -0700", "Mon, 32 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05", "Mon,", "Mon, ",
		"Monday, 2 Jan 2006 15:04:05 -0700", " Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 -0700 ", "Mon, 2 Jan 2006 15:04:05 -0700x", "2006-01-02T15:04:05Z",
		"Mon, 2 Jan 2006 15:04:05 -0700 (" + strings.Repeat("A", response.MaxDate) + ")",
	} {
		checkSame(t, "* 7 FETCH (ENVELOPE ("+literal(date)+" NIL NIL NIL NIL NIL NIL NIL NIL NIL))\r\n")
	}
}

// Limits hold for a Reader of its own, whatever a Scanner has let pass.
func TestLimits(t *testing.T) {
	multipart := func(depth int) string {
		return "* 7 FETCH (BODYSTRUCTURE " + strings.Repeat("(", depth-1) + `("text" "plain" NIL NIL NIL "7bit" 3 1)` + strings.Repeat(` "mixed")`, depth-1) + ")\r\n"
	}
	limits := response.Default()
	side := strings.Repeat(`("text" "plain" NIL NIL NIL "7bit" 3 1)`, 2*limits.Depth)
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"as deep as may be":    {multipart(limits.Depth), true},
		"too deep":             {multipart(limits.Depth + 1), false},
		"many lists, not deep": {"* 7 FETCH (BODYSTRUCTURE (" + side + ` "mixed"))` + "\r\n", true},
		"many addresses":       {"* 7 FETCH (ENVELOPE (NIL NIL (" + strings.Repeat(`(NIL NIL "a" "b")`, 2*limits.Depth) + ") NIL NIL NIL NIL NIL NIL NIL))\r\n", true},
		"as many flags":        {"* 7 FETCH (FLAGS (a" + strings.Repeat(" a", limits.Words()-1) + "))\r\n", true},
		"one flag more":        {"* 7 FETCH (FLAGS (a" + strings.Repeat(" a", limits.Words()) + "))\r\n", false},
		"as many strings":      {"* 7 FETCH (X (NIL" + strings.Repeat(` ""`, limits.Words()-2) + "))\r\n", true},
		"more strings":         {"* 7 FETCH (X (NIL" + strings.Repeat(` ""`, limits.Words()+1) + "))\r\n", false},
		"more numbers":         {"* 7 FETCH (" + strings.Repeat("RFC822.SIZE 1 ", limits.Words()) + "RFC822.SIZE 1)\r\n", false},
	} {
		if _, err := read(c.text); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
