package commands_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

func TestAnswerOf(t *testing.T) {
	for line, want := range map[string]struct{ code, args, refused string }{
		"M1 OK done\r\n":                          {"", "", ""},
		"M1 OK\r\n":                               {"", "", ""},
		"M1 OK [APPENDUID 7 3:5] done\r\n":        {"APPENDUID", "7 3:5", ""},
		"M1 ok [appenduid 7 3]\r\n":               {"APPENDUID", "7 3", ""},
		"M1 OK [broken done\r\n":                  {"", "", ""},
		"M1 OK [] done\r\n":                       {"", "", ""},
		"M1 NO [TRYCREATE]  no such mailbox \r\n": {"TRYCREATE", "", "imap: NO [TRYCREATE] no such mailbox"},
		"M1 BAD what\r\n":                         {"", "", "imap: BAD what"},
	} {
		a := commands.AnswerOf([]byte(line), response.ParseHead([]byte(line)))
		refused := ""
		if a.Refused != nil {
			refused = a.Refused.Error()
		}
		if !a.Came || a.Code != want.code || a.Args != want.args || refused != want.refused {
			t.Errorf("%q is %+v, %q", line, a, refused)
		}
	}
}

// The texts of a server are made printable.
func TestAnswerIsPrintable(t *testing.T) {
	line := []byte("M1 NO [X\x01Y a\x02] b\x00c\x1b\r\n")
	a := commands.AnswerOf(line, response.ParseHead(line))
	if text := a.Refused.Error() + a.CodeText(); strings.ContainsAny(text, "\x00\x01\x02\x1b") {
		t.Errorf("%q", text)
	}
}

func TestCodeText(t *testing.T) {
	for want, a := range map[string]commands.Answer{"": {}, "X": {Code: "X"}, "X 1 (a)": {Code: "X", Args: "1 (a)"}} {
		if got := a.CodeText(); got != want {
			t.Errorf("%+v is %q, want %q", a, got, want)
		}
	}
}

// failing reads a text, and then fails.
type failing struct{ io.Reader }

var errRead = errors.New("disk")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = errRead
	}
	return n, err
}

// A literal is written as it was announced, or is an error.
func TestLiteral(t *testing.T) {
	for name, test := range map[string]struct {
		content io.Reader
		want    error
	}{
		"as announced": {strings.NewReader("abc"), nil},
		"longer":       {strings.NewReader("abcdef"), nil},
		"shorter":      {strings.NewReader("ab"), commands.ErrContent},
		"fails":        {failing{strings.NewReader("ab")}, errRead},
		"fails behind": {failing{strings.NewReader("abc")}, nil},
	} {
		var out strings.Builder
		l := &commands.Literal{Content: test.content, Size: 3}
		err := l.Write(&out)
		if !errors.Is(err, test.want) || l.Sent != (err == nil) || err == nil && out.String() != "abc" {
			t.Errorf("%s: %q, %v, sent %v", name, out.String(), err, l.Sent)
		}
		if err != nil && !errors.Is(err, commands.ErrContent) {
			t.Errorf("%s: %v is no fault of the content", name, err)
		}
	}
	if got := (&commands.Literal{Size: 3, Sync: true}).Announcement() + (&commands.Literal{Size: 3}).Announcement(); got != "{3}\r\n{3+}\r\n" {
		t.Errorf("announced %q", got)
	}
}

// What answers an exchange are the responses that it asks for, and not what a server tells
// of the session at any time.
func TestTakesData(t *testing.T) {
	take := func([]byte, response.Head) {}
	for line, want := range map[string][2]bool{ // without and with FETCH
		"* GENURLAUTH \"x\"\r\n":     {true, true},
		"* SEARCH 1\r\n":             {true, true},
		"* 1 FETCH (UID 1)\r\n":      {false, true},
		"* 3 EXISTS\r\n":             {false, false},
		"* 0 RECENT\r\n":             {false, false},
		"* 2 EXPUNGE\r\n":            {false, false},
		"* FLAGS ()\r\n":             {false, false},
		"* CAPABILITY IMAP4rev1\r\n": {false, false},
		"* OK still here\r\n":        {false, false},
		"* BYE\r\n":                  {false, false},
	} {
		h := response.ParseHead([]byte(line))
		got := [2]bool{(&commands.Exchange{Data: take}).TakesData(h), (&commands.Exchange{Data: take, Fetches: true}).TakesData(h)}
		if got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
		if (*commands.Exchange)(nil).TakesData(h) || (&commands.Exchange{Fetches: true}).TakesData(h) {
			t.Errorf("%q is for an exchange that takes none", line)
		}
	}
}
