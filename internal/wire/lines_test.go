package wire_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// talk is a server that sends what its Reader holds, and records what it receives.
type talk struct {
	io.Reader
	said   bytes.Buffer
	writes int
}

func (t *talk) Write(p []byte) (int, error) { t.writes++; return t.said.Write(p) }

func TestLines(t *testing.T) {
	conn := &talk{Reader: strings.NewReader("one\x07\r\ntwo\r\n")}
	l := wire.NewLines(conn)
	if err := l.Quiet(); err != nil {
		t.Error("quiet before anything was read:", err)
	}
	if line, err := l.ReadLine(); line != "one\x07" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	if err := l.Send("NOOP\x01"); err != nil {
		t.Error(err)
	}
	if conn.said.String() != "NOOP\x01\r\n" || conn.writes != 1 {
		t.Errorf("sent %q in %d writes", conn.said.String(), conn.writes)
	}
	v := new(policy.Violation)
	if err := l.Quiet(); !errors.Is(err, policy.ErrInjected) || !errors.As(err, &v) || v.Reply != "two" {
		t.Errorf("with a line waiting: %v", err)
	}
}

func TestSendRefusesTwoLines(t *testing.T) {
	for _, s := range []string{"a\r\nb", "a\nb", "a\rb", "a\x00b", "a\r\n", "\n"} {
		conn := &talk{}
		l := wire.NewLines(conn)
		if err := l.Send(s); !errors.Is(err, wire.ErrArgument) || conn.said.Len() > 0 {
			t.Errorf("%q: %v, sent %q", s, err, conn.said.String())
		}
	}
}

func TestParams(t *testing.T) {
	list := []string{"SIZE 100", "STARTTLS", "AUTH PLAIN LOGIN"}
	for keyword, want := range map[string]string{"SIZE": "100", "STARTTLS": "", "AUTH": "PLAIN LOGIN", "START": "-", "PLAIN": "-", "": "-"} {
		params, ok := wire.Params(list, keyword)
		if !ok {
			params = "-"
		}
		if params != want {
			t.Errorf("%q: %q", keyword, params)
		}
	}
}

func TestClosed(t *testing.T) {
	for _, c := range []struct {
		err  *wire.Closed
		text string
	}{
		{wire.Hangup("421 \x1bbye\r\n"), `server closed the connection ("421 ` + "\ufffd" + `bye")`},
		{&wire.Closed{Partial: "* O"}, `server closed the connection in the middle of a line ("* O")`},
		{&wire.Closed{}, "server closed the connection"},
	} {
		if c.err.Error() != c.text {
			t.Errorf("%q, want %q", c.err, c.text)
		}
	}
	if !errors.Is(wire.Hangup("x"), io.EOF) {
		t.Error("an announced end holds no io.EOF")
	}
	if err := wire.Ended(io.ErrShortWrite); err != io.ErrShortWrite {
		t.Errorf("Ended changed %v", err)
	}
}

func TestPrintable(t *testing.T) {
	long := strings.Repeat("x", 512)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"plain é 漢 \U0001f600", "plain é 漢 \U0001f600"},
		{"end\r\n", "end"},
		{"end\n\r\r\n", "end"},
		{"a\r\nb", "a\ufffd\ufffdb"},
		{"a\tb", "a b"},
		{"a\x00b\x7f", "a\ufffdb\ufffd"},
		{"\x1b[31mred", "\ufffd[31mred"},
		{"\u009b31m", "\ufffd31m"},
		{"a\u202eb\u2066c\u200ed\u061ce", "a\ufffdb\ufffdc\ufffdd\ufffde"},
		{"\u200b\u2028\ufeff\u00ad", "\ufffd\ufffd\ufffd\ufffd"},
		{"\U000e0041", "\ufffd"}, // a tag character
		{"a\xffb\xc3", "a\ufffdb\ufffd"},
		{"\xed\xa0\x80", "\ufffd\ufffd\ufffd"}, // half of a surrogate pair
		{long, long},
		{long + "\r\n", long},
		{long + "y", long[:509] + "..."},
		{long[:508] + "漢漢", long[:508] + "..."}, // the rune does not fit in 509
		{long[:506] + "漢漢", long[:506] + "漢漢"},  // exactly 512
		{long[:506] + "漢漢x", long[:506] + "漢..."},
	} {
		if got := wire.Printable(c.in); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "\x1b[2J", "\u202e", "\xff", strings.Repeat("漢", 300), "x" + strings.Repeat("é", 300), strings.Repeat("\x01", 512)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s := wire.Printable(in)
		if len(s) > 512 || !utf8.ValidString(s) {
			t.Fatalf("%q: %d bytes, valid %v", in, len(s), utf8.ValidString(s))
		}
		for _, r := range s {
			if !unicode.IsPrint(r) && r != utf8.RuneError {
				t.Fatalf("%q in %q", r, s)
			}
		}
		if again := wire.Printable(s); again != s {
			t.Fatalf("not stable: %q, %q", s, again)
		}
	})
}
