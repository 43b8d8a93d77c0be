package pop3watch

import (
	"strings"
	"testing"
)

func sumOf(parts ...string) string {
	d := newDigest()
	for _, p := range parts {
		d.Write([]byte(p))
	}
	return d.sum()
}

// TestDigest: what a server adds to a header when a message was read makes it no other
// message, however the message comes; all else does.
func TestDigest(t *testing.T) {
	const text = "Subject: x\r\nTo: a\r\n b\r\n\r\nStatus: body\r\n"
	want := sumOf(text)
	for _, same := range []string{
		"Subject: x\r\nStatus: RO\r\nTo: a\r\n b\r\n\r\nStatus: body\r\n",
		"x-uidl: 17\r\nSubject: x\r\nTo: a\r\n b\r\nX-KEYWORDS: a\r\n b\r\n\tc\r\nX-Status: A\r\n\r\nStatus: body\r\n",
	} {
		for i := range len(same) {
			for j := i; j <= len(same); j++ {
				if sumOf(same[:i], same[i:j], same[j:]) != want {
					t.Fatalf("%q, %q, %q is another", same[:i], same[i:j], same[j:])
				}
			}
		}
	}
	for _, other := range []string{
		"", "Subject: x\r\n", text + "x", text[:len(text)-2], strings.Replace(text, "Status", "X-Status", 1),
		strings.Replace(text, "To: a", "To: c", 1), strings.Replace(text, " b", " c", 1), "Statuses: 1\r\n" + text, "X-Keyword: 1\r\n" + text,
	} {
		if sumOf(other) == want {
			t.Errorf("%q is the same", other)
		}
	}
	if sumOf("Sub") == sumOf("Su") || sumOf("") == sumOf("\r\n") {
		t.Error("a header without an end does not count")
	}
}
