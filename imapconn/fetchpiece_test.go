package imapconn_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
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
		"nothing at the end":   {content: text[:9], size: 10, most: 10_000, end: "TAG OK done\r\n"},
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
		"* 1 FETCH (UID 1 BODY[]<9> NIL)\r\nTAG OK [EXPUNGEISSUED] gone\r\n": "1?imapconn: message with UID 1: imapconn: the message has vanished while it was read",
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
			return ""
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
