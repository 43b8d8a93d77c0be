package message_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// full is a response with all that a list of messages shows.
const full = `* 12 FETCH (UID 1007 FLAGS (\Seen $Forwarded) INTERNALDATE "17-Jul-2026 02:44:25 -0700" RFC822.SIZE 4286 ` +
	`ENVELOPE ("Wed, 17 Jul 2026 02:23:25 -0700 (PDT)" "=?utf-8?q?Gr=C3=BC=C3=9Fe?=" (("Terry Gray" NIL "gray" "cac.example.org")) ` +
	`(("Terry Gray" NIL "gray" "cac.example.org")) (("Terry Gray" NIL "gray" "cac.example.org")) ((NIL NIL "imap" "cac.example.org")) ` +
	`((NIL NIL "minutes" "cnri.example.net")("John Klensin" NIL "KLENSIN" "mit.example.edu")) NIL "<B1-0@example.org>" "<B27397-0100000@cac.example.org>") ` +
	`BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 2279 48 NIL NIL NIL NIL)` +
	`("text" "html" ("charset" "utf-8") NIL NIL "base64" 4554 73 NIL ("inline" NIL) NIL NIL) "alternative" ("boundary" "d41d8cd98f00b204") NIL NIL NIL))` + "\r\n"

// messages returns FETCH responses as servers write them.
func messages() []string {
	const b, e = "* 7 FETCH (", ")\r\n"
	items := []string{
		"", "UID 1", `FLAGS ()`, `FLAGS (\Seen \answered work \*)`, "MODSEQ (12345678901234)", "RFC822.SIZE 0",
		`INTERNALDATE " 7-Jul-2026 02:44:25 +0000"`, `BODY[] {5}` + "\r\nhello", `BODY[TEXT]<0> "a \"b\" c"`, `BODY[HEADER] NIL`,
		`UID 3 BODY[1.2.MIME] {0}` + "\r\n", `BODY[HEADER.FIELDS (From "To")] {3}` + "\r\n\r\n\n",
		`ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)`,
		`ENVELOPE ("x" {4}` + "\r\na\"b\\" + ` () ((NIL NIL NIL NIL)) (("a \"b\" c" NIL "x" "y")) ((NIL NIL "team" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL)) NIL NIL " <a@b> (c) <d@[1.2]>" "(x)<e@f>")`,
		`ENVELOPE ("Mon, 2 Jan 2006 15:04:05 -0700" "` + "\xff\xfe" + `" NIL NIL NIL NIL NIL NIL "<a@b><no" "<a b@c>")`,
		`BODYSTRUCTURE ("text" "plain" NIL NIL NIL NIL 0 0)`, `BODY ("TEXT" "PLAIN" ("a" "=?utf-8?q?b?=" "C" "d") "<i>" "=?iso-8859-1?q?=FC?=" "8bit" 1)`,
		`BODYSTRUCTURE ("application" "pdf" NIL NIL NIL "base64" 4294967295 "md5" ("attachment" ("filename" "a\\b")) ("de" "en") "loc" 1 (2 ("3")))`,
		`BODYSTRUCTURE ("message" "rfc822" NIL NIL NIL "7bit" 9 (NIL "s" NIL NIL NIL NIL NIL NIL NIL "<x@y>") ("text" "plain" NIL NIL NIL "7bit" 3 1) 5 NIL NIL "de")`,
		`BODYSTRUCTURE ((("text" "plain" NIL NIL NIL "7bit" 3 1)("text" "html" NIL NIL NIL "7bit" 3 1) "alternative")("image" "png" NIL NIL NIL "base64" 3) "mixed" ("boundary" "x") ("inline" NIL) NIL "l")`,
		`BODYSTRUCTURE ` + strings.Repeat("(", 50) + `("text" "plain" NIL NIL NIL "7bit" 3 1)` + strings.Repeat(` "mixed")`, 50),
	}
	all := []string{full}
	for _, item := range items {
		all = append(all, b+item+e)
	}
	return all
}

func TestReadsAsTheClient(t *testing.T) {
	for _, text := range messages() {
		checkSame(t, text)
	}
}

// What a Scanner lets pass to go-imap's client, a Reader reads as the client does.
func TestReadsWhatPasses(t *testing.T) {
	pieces := []string{"", " ", "(", ")", "()", "NIL", `"`, `""`, `"x"`, "{1}\r\nx", "0", "1", "\\", "[", "]", "\x80", "\xff", ",", ".", "<0>", " UID 3", "=?utf-8?q?x?="}
	rounds := 4000
	if testing.Short() {
		rounds = 400
	}
	r := rand.New(rand.NewPCG(1, 2))
	scanner := response.Scanner{Limits: limits()}
	lines, passed := messages(), 0
	for range rounds {
		text := lines[r.IntN(len(lines))]
		i := r.IntN(len(text) - 1)
		text = text[:i] + pieces[r.IntN(len(pieces))] + text[min(i+r.IntN(4), len(text)-2):]
		h := response.ParseHead([]byte(text))
		if h.Kind == response.Fetch && scanner.Scan([]byte(text), h) {
			passed++
			checkSame(t, text)
		}
	}
	if passed < rounds/10 {
		t.Errorf("only %d of %d passed", passed, rounds)
	}
}

func TestOddResponses(t *testing.T) {
	for text, why := range map[string]string{
		"* 7 FETCH \r\n":                                                        "RFC 9051",
		"* 7 FETCH (\r\n":                                                       "RFC 9051",
		"* 7 FETCH (UID 0)\r\n":                                                 "UID",
		"* 7 FETCH (UID 4294967296)\r\n":                                        "UID",
		"* 7 FETCH (UID 1  FLAGS ())\r\n":                                       "RFC 9051",
		"* 7 FETCH (UID 1) \r\n":                                                "RFC 9051",
		"* 7 FETCH (ENVELOPE (\"x\" \"a\"b\" NIL))\r\n":                         "ENVELOPE",
		"* 7 FETCH (INTERNALDATE \"yesterday\")\r\n":                            "INTERNALDATE",
		"* 7 FETCH (BODY[] {9}\r\nshort)\r\n":                                   "BODY",
		"* 7 FETCH (BODY[ {9}\r\n)\r\n":                                         "BODY",
		"* 7 FETCH (MODSEQ (-1))\r\n":                                           "MODSEQ",
		"* 7 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 1000) + ")\r\n":       "BODYSTRUCTURE",
		"* 7 FETCH (BODYSTRUCTURE (" + strings.Repeat(`"x" `, 1<<17) + "))\r\n": "BODYSTRUCTURE",
		"* 7 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ENVELOPE (NIL NIL))\r\n":                                 "ENVELOPE",
		"* 7 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))\r\n": "ENVELOPE",
		"* 7 FETCH (BODY (\"a\" \"b\" NIL NIL NIL \"7bit\" 1) BODYSTRUCTURE (\"a\" \"b\" NIL NIL NIL \"7bit\" 1))\r\n":          "BODYSTRUCTURE",
		"* 7 FETCH (INTERNALDATE \"01-Jan-0001 00:00:00 +0000\")\r\n":                                                           "INTERNALDATE",
		"* 7 FETCH (MODSEQ (5)\r\n":      "RFC 9051",
		"* 7 FETCH (BODY[]<0 \"x\")\r\n": "BODY",
		"* 7 FETCH ( 5)\r\n":             "RFC 9051",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.80q: %v, want %s", text, err, why)
		}
	}
}

func TestRawItems(t *testing.T) {
	f, err := read(`* 7 FETCH (X-GM-LABELS (\Inbox "a b" c) UID 4 EMAILID (M6d99) THREADID NIL PREVIEW {3}` + "\r\nabc" + ` BINARY.SIZE[1] 9)` + "\r\n")
	if err != nil || f.UID != 4 {
		t.Fatal(f, err)
	}
	const want = "[{X-GM-LABELS (\\Inbox \"a b\" c)} {EMAILID (M6d99)} {THREADID NIL} {PREVIEW {3}\r\nabc} {BINARY.SIZE[1] 9}]"
	if got := fmt.Sprint(f.Raw); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSections(t *testing.T) {
	f, err := read("* 7 FETCH (BODY[] {5}\r\nhello BINARY[1] ~{3}\r\na\x00b BODY[TEXT]<0> \"a \\\"b\\\\\" BODY[HEADER] NIL BODY[2] \"\" UID 4)\r\n")
	if err != nil || f.UID != 4 {
		t.Fatal(f, err)
	}
	var got []string
	for _, s := range f.Sections {
		got = append(got, fmt.Sprintf("%s %q %t", s.Name, s.Content, s.Content == nil))
	}
	const want = "BODY[] \"hello\" false|BINARY[1] \"a\\x00b\" false|BODY[TEXT]<0> \"a \\\"b\\\\\" false|BODY[HEADER] \"\" true|BODY[2] \"\" false"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s, want\n%s", s, want)
	}
}

// Strings of strangers cost no more than linear work.
func TestCostlyStrings(t *testing.T) {
	id := "<" + strings.Repeat("(", 1<<19)
	f, err := read(`* 7 FETCH (ENVELOPE ("` + strings.Repeat("(", 1<<16) + `" "` + strings.Repeat("=?utf-8?q?x?= ", 1<<14) + `" NIL NIL NIL NIL NIL NIL "` + id + `" "` + id + `"))` + "\r\n")
	if err != nil || f.Envelope.MessageID != "" || !f.Envelope.Date.IsZero() || !strings.HasPrefix(f.Envelope.Subject, "=?utf-8") {
		t.Errorf("%.200v %v", f.Envelope, err)
	}
}

func TestAllocations(t *testing.T) {
	r := message.NewReader(response.Default(), nil)
	b := []byte(full)
	h := response.ParseHead(b)
	var f message.Fetch
	if n := testing.AllocsPerRun(100, func() { r.Read(b, h, &f) }); n > 40 {
		t.Errorf("%v allocations, at most 40 wanted", n)
	}
}

func BenchmarkRead(b *testing.B) {
	r := message.NewReader(response.Default(), nil)
	text := []byte(full)
	h := response.ParseHead(text)
	var f message.Fetch
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Read(text, h, &f); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range messages() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h := response.ParseHead(b)
		if h.Kind != response.Fetch {
			return
		}
		scanner := response.Scanner{Limits: limits()}
		if scanner.Scan(b, h) {
			checkSame(t, string(b))
			return
		}
		var m message.Fetch
		message.NewReader(response.Default(), nil).Read(b, h, &m)
	})
}

// limits returns the default ones.
func limits() *response.Limits {
	l := response.Default()
	return &l
}
