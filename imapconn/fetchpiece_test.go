package imapconn_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// portions answers what asks for parts of the content of message 1, of which the server gives
// most bytes at once and says that it has size.
type portions struct {
	content    string
	size, most int
	end        string // what it says of the part behind the end; "" stands for an empty string
	asked      int
}

func (s *portions) answer(command string) string {
	_, part, _ := strings.Cut(command, "BODY.PEEK[]<")
	var from, length int
	if n, _ := fmt.Sscanf(part, "%d.%d", &from, &length); n < 2 {
		return fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n", s.size)
	}
	s.asked++
	if from >= len(s.content) && s.end != "" {
		return s.end
	}
	rest := s.content[min(from, len(s.content)):]
	rest = rest[:min(length, s.most, len(rest))]
	return fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE %d BODY[]<%d> {%d}\r\n%s)\r\n", s.size, from, len(rest), rest)
}

// A server that gives less of a content than was asked for is asked for the rest, up to
// the message's size. One whose size is too large costs a question more, and no message.
func TestPiecesThatAreShort(t *testing.T) {
	text := string(bytes.Repeat([]byte("0123456789abcdef"), 20<<10))
	for name, s := range map[string]*portions{
		"as asked for":         {content: text, size: len(text), most: 1 << 20},
		"short":                {content: text, size: len(text), most: 10_000},
		"a byte short":         {content: text, size: len(text), most: 64<<10 - 1},
		"short, and all of it": {content: text[:9], size: 9, most: 10_000},
		"size too large":       {content: text, size: len(text) + 100_000, most: 1 << 20},
		"size too small":       {content: text, size: 7, most: 1 << 20},
		"both":                 {content: text, size: len(text) + 3, most: 10_000},
		"NIL at the end":       {content: text[:9], size: 10, most: 10_000, end: "* 1 FETCH (UID 1 BODY[]<9> NIL)\r\n"},
	} {
		c := answered(t, nil, s.answer)
		if got := summary(c, t, imap.UIDSetNum(1), nil); got != "1="+s.content {
			t.Errorf("%s: %d bytes, want %d: %.100s", name, len(got), len(s.content)+2, got)
		}
	}
}

// The rest of a content that is refused, or whose message has vanished, is not taken for
// the end.
func TestPiecesThatAreMissing(t *testing.T) {
	for end, want := range map[string]string{
		"TAG NO [UNAVAILABLE] locked\r\n":                                    "1?imapconn: message with UID 1: imap: NO [UNAVAILABLE] locked",
		"* 1 FETCH (UID 1 BODY[]<9> NIL)\r\nTAG OK [EXPUNGEISSUED] gone\r\n": "1?imapconn: message with UID 1: the message has vanished while it was read",
		"TAG OK done\r\n": "1?imapconn: message with UID 1: the message has vanished while it was read",
	} {
		s := &portions{content: "123456789", size: 10, most: 10_000, end: end}
		if got := summary(answered(t, nil, s.answer), t, imap.UIDSetNum(1), nil); got != want {
			t.Errorf("%s: %s", end, got)
		}
	}
}

// A server whose sizes are not exact is not asked about each message.
func TestSizesThatAreNotExact(t *testing.T) {
	asked := 0
	c := answered(t, nil, func(command string) string {
		said := ""
		for uid := 1; uid <= 3; uid++ {
			said += fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 5 BODY[]<0> a)\r\n", uid, uid)
		}
		if strings.Contains(command, "<1.") {
			asked++
			return "* 1 FETCH (UID 1 BODY[]<1> \"\")\r\n"
		}
		return said
	})
	if got := summary(c, t, imap.UIDSetNum(1, 2, 3), nil); got != "1=a 2=a 3=a" || asked != 1 {
		t.Errorf("%s, and %d questions", got, asked)
	}
}

// A server gives more than was asked for, or what was not asked for.
func TestPartsThatAreOthers(t *testing.T) {
	const digits = "0123456789"
	for name, test := range map[string]struct{ label, want string }{
		"more":           {"BODY[]<3> ", "1=0123"},
		"all of it":      {"BODY[] ", "1=3456"},
		"from elsewhere": {"BODY[]<0> ", "1!imapconn: the server has left out something that was asked for"},
	} {
		c := answered(t, nil, func(string) string {
			return fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE 10 %s{%d}\r\n%s)\r\n", test.label, len(digits), digits)
		})
		o := &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{{Partial: &imap.SectionPartial{Offset: 3, Size: 4}}}}
		if got := summary(c, t, imap.UIDSetNum(1), o); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A section that the program has kept cannot be read in the turn of another message.
func TestSectionsThatAreKept(t *testing.T) {
	s := &recorder{answer: func(command string) string {
		uid, said := 1, ""
		fmt.Sscanf(command, "UID FETCH %d", &uid)
		text := strings.Repeat(fmt.Sprint(uid), 200_000)
		_, part, ok := strings.Cut(command, "BODY.PEEK[]<")
		if strings.HasPrefix(command, "UID FETCH 1:2") || !ok {
			for uid := 1; uid <= 2; uid++ {
				said += fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 200000 BODY[]<0> {65536}\r\n%s)\r\n", uid, uid, strings.Repeat(fmt.Sprint(uid), 64<<10))
			}
			return said
		}
		var from, n int
		fmt.Sscanf(part, "%d.%d>", &from, &n)
		piece := text[min(from, len(text)):min(from+n, len(text))]
		return fmt.Sprintf("* %d FETCH (UID %d BODY[]<%d> {%d}\r\n%s)\r\n", uid, uid, from, len(piece), piece)
	}}
	c := s.session(t, "", nil)
	var kept io.Reader
	for m, err := range c.FetchEach(t.Context(), imap.UIDSetNum(1, 2), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if kept == nil {
			kept = m.Section(0)
			if _, err := io.CopyN(io.Discard, kept, 70_000); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if _, err := io.CopyN(io.Discard, m, 70_000); err != nil {
			t.Fatal(err)
		}
		if n, err := kept.Read(make([]byte, 10)); n > 0 || err == nil || err == io.EOF {
			t.Errorf("read %d bytes, %v", n, err)
		}
	}
	if kept == nil {
		t.Error("no message")
	}
}

// A server that sends a piece without end is held to the bounds.
func TestPiecesWithoutEnd(t *testing.T) {
	s := &recorder{answer: func(command string) string {
		_, part, ok := strings.Cut(command, "BODY.PEEK[]<")
		if !ok || strings.HasPrefix(part, "0.") {
			return fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE 200000 BODY[]<0> {65536}\r\n%s)\r\n", strings.Repeat("x", 64<<10))
		}
		return strings.Repeat(fmt.Sprintf("* 1 FETCH (UID 1 BODY[]<65536> {65536}\r\n%s)\r\n", strings.Repeat("x", 64<<10)), 300)
	}}
	c := s.session(t, "", nil)
	got := summary(c, t, imap.UIDSetNum(1), nil)
	if !errors.Is(c.Err(), policy.ErrLimit) {
		t.Errorf("%v, %.100s", c.Err(), got)
	}
}
