package smtp_test

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/test/replies"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

func connect(answers ...string) (*smtp.Conn, *replies.Server) {
	s := replies.New(answers...)
	return &smtp.Conn{Lines: wire.NewLines(s), Client: named("client.test")}, s
}

// named is the client's name.
type named string

func (n named) LocalName() string { return string(n) }

func TestRead(t *testing.T) {
	for _, c := range []struct {
		in, reply string
		lines     int
		err       error
	}{
		{"220 ready\r\n", "220 ready", 1, nil},
		{"220\r\n", "220", 1, nil},
		{"220 \r\n", "220", 1, nil},
		{"250-a\r\n250-b c\r\n250 d\r\n", "250 a b c d", 3, nil},
		{"250-a\r\n250\r\n", "250 a", 2, nil},
		{"599 x\r\n", "599 x", 1, nil},
		{"334 \x1b\r\n", "334 \x1b", 1, nil},
		{"250-a\r\n251 b\r\n", "", 0, policy.ErrMalformed},
		{"220-a\r\n250 b\r\n", "", 0, policy.ErrMalformed},
		{"250-a\r\n", "", 0, io.EOF},
		{"250-a\r\n25", "", 0, io.ErrUnexpectedEOF},
		{"100 x\r\n", "", 0, policy.ErrMalformed},
		{"199 x\r\n", "", 0, policy.ErrMalformed},
		{"600 x\r\n", "", 0, policy.ErrMalformed},
		{"000 x\r\n", "", 0, policy.ErrMalformed},
		{"22 x\r\n", "", 0, policy.ErrMalformed},
		{"25/ x\r\n", "", 0, policy.ErrMalformed},
		{"2:0 x\r\n", "", 0, policy.ErrMalformed},
		{"22\r\n", "", 0, policy.ErrMalformed},
		{"\r\n", "", 0, policy.ErrMalformed},
		{"2200 x\r\n", "", 0, policy.ErrMalformed},
		{"220x\r\n", "", 0, policy.ErrMalformed},
		{"220\tx\r\n", "", 0, policy.ErrMalformed},
		{" 220 x\r\n", "", 0, policy.ErrMalformed},
		{"+20 x\r\n", "", 0, policy.ErrMalformed},
		{"2\u0662 x\r\n", "", 0, policy.ErrMalformed},
		{"* OK x\r\n", "", 0, policy.ErrMalformed},
		{"220 x\n", "", 0, policy.ErrMalformed},
		{strings.Repeat("250-x\r\n", 300), "", 0, policy.ErrLimit},
	} {
		l, _ := connect(c.in)
		r, err := l.Read()
		if !errors.Is(err, c.err) {
			t.Errorf("%.40q: %v, want %v", c.in, err, c.err)
		} else if err == nil && (r.String() != c.reply || strings.Count(r.Text, "\n")+1 != c.lines) {
			t.Errorf("%q: %q, %q", c.in, r, r.Text)
		}
	}
}

func TestGreeting(t *testing.T) {
	for in, want := range map[string]error{
		"220 hi\r\n": nil, "220\r\n": nil, "220-a\r\n220 b\r\n": nil,
		"221 x\r\n": policy.ErrRefused, "250 x\r\n": policy.ErrRefused, "354 x\r\n": policy.ErrRefused,
		"421 x\r\n": policy.ErrRefused, "554 x\r\n": policy.ErrRefused, "+OK\r\n": policy.ErrMalformed,
		"220 hi\r\n250 x\r\n": policy.ErrInjected, "220 hi\r\nx": policy.ErrInjected, "220 hi\r\n421 bye\r\n": io.EOF,
	} {
		l, _ := connect(in)
		if _, err := l.Greet(); !errors.Is(err, want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		before, answer string
		code           int
		err            error
		silent         bool // the command must not be sent
	}{
		{"220 x\r\n", "220 go\r\n", 220, nil, false},
		{"220 x\r\n", "454 no\r\n", 454, nil, false},
		{"220 x\r\n", "421 bye\r\n", 0, io.EOF, false},
		{"220 x\r\n220 go\r\n", "220 go\r\n", 0, policy.ErrInjected, true},
		{"220 x\r\n\x00", "220 go\r\n", 0, policy.ErrInjected, true},
		{"220 x\r\n421 bye\r\n", "220 go\r\n", 0, io.EOF, true},
	} {
		l, srv := connect(c.before, c.answer)
		if _, err := l.ReadLine(); err != nil {
			t.Fatal(err)
		}
		r, err := l.Command("STARTTLS")
		if !errors.Is(err, c.err) || err == nil && r.Code != c.code {
			t.Errorf("%q, %q: %v, %v", c.before, c.answer, r, err)
		}
		want := []string{"STARTTLS\r\n"}
		if c.silent {
			want = nil
		}
		if !slices.Equal(srv.Received, want) {
			t.Errorf("%q: sent %q", c.before, srv.Received)
		}
	}
	l, srv := connect("")
	if _, err := l.Command("EHLO x\r\nMAIL FROM:<>"); !errors.Is(err, wire.ErrArgument) || srv.Received != nil {
		t.Errorf("a command of two lines: %v, sent %q", err, srv.Received)
	}
}

func TestRefused(t *testing.T) {
	for code, want := range map[int]bool{220: false, 354: false, 399: false, 400: true, 454: true, 554: true} {
		if got := (smtp.Reply{Code: code}).Refused(); got != want {
			t.Errorf("%d: %v", code, got)
		}
	}
}

func TestKeywords(t *testing.T) {
	for _, c := range []struct{ lines, want string }{ // separated by |
		{"h", ""},
		{"STARTTLS", ""}, // the first line is the server's name
		{"h|starttls|Size 100", "STARTTLS|SIZE 100"},
		{"h| STARTTLS ", "STARTTLS"},
		{"h|STARTTLS foo", "STARTTLS foo"},
		{"h|auth plain Login", "AUTH PLAIN LOGIN"},
		{"h|AUTH=LOGIN PLAIN", "AUTH LOGIN PLAIN"},
		{"h|auth=login", "AUTH LOGIN"},
		{"h|AUTH PLAIN|SIZE|AUTH=PLAIN LOGIN|AUTH CRAM-MD5 plain", "AUTH PLAIN LOGIN CRAM-MD5|SIZE"},
		{"h|AUTH=", "AUTH"},
		{"h||  ", ""},
		{"h|STARTTLSX|XSTARTTLS|START TLS", "STARTTLSX|XSTARTTLS|START TLS"},
		{"h|\u017ftarttls", "\u017fTARTTLS"}, // an S in Unicode only
		{"h|\u00a0STARTTLS", "\u00a0STARTTLS"},
		{"h|AUTH PLA\u0131N", "AUTH PLA\u0131N"},
		{"h|AUTH X\u00a0PLAIN", "AUTH X\u00a0PLAIN"},
		{"h|8BITMIME  x   y", "8BITMIME x y"},
	} {
		got := smtp.Keywords(smtp.Reply{Code: 250, Text: strings.ReplaceAll(c.lines, "|", "\n")})
		if strings.Join(got, "|") != c.want || got == nil {
			t.Errorf("%q: %q", c.lines, got)
		}
	}
}

var (
	accepts = regexp.MustCompile(`^(220-[^\r\n]*\r\n)*220( [^\r\n]*)?\r\n`)
	offers  = regexp.MustCompile(`(?i)\n250[ -][ \t]*STARTTLS[ \t\r]`)
)

// An upgrade is accepted only by a complete 220, and offered only by its exact
// keyword.
func FuzzReply(f *testing.F) {
	for _, s := range []string{
		"220 x\r\n", "220\r\n", "220-x\r\n250 x\r\n", "421 x\r\n", "250-h\r\n250-SIZE\r\n250 StartTLS\r\n", "250-h\r\n250 \u017ftarttls\r\n", "250-h\r\n250 AUTH=x\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		l, srv := connect("", string(answer))
		r, err := l.Command("X")
		if len(srv.Received) != 1 {
			t.Fatalf("sent %q", srv.Received)
		}
		if err != nil {
			return
		}
		code, text, err := smtp.Scan(wire.NewReader(bytes.NewReader(answer), wire.Greeting()), nil)
		if err != nil || code != r.Code || string(text) != r.Text {
			t.Fatalf("%q: scanned %d %q, %v", answer, code, text, err)
		}
		if r.Code < 200 || r.Code > 599 || r.Code == 220 && !accepts.Match(answer) {
			t.Fatalf("%q: %v", answer, r)
		}
		if slices.ContainsFunc(smtp.Keywords(r), func(k string) bool { return k == "STARTTLS" }) && !offers.Match(answer) && r.Code == 250 {
			t.Fatalf("%q offers: %q", answer, smtp.Keywords(r))
		}
	})
}

func TestTransient(t *testing.T) {
	for code, want := range map[int]bool{220: false, 354: false, 421: true, 454: true, 554: false} {
		if got := (smtp.Reply{Code: code, Text: "x"}).Words(); got.Transient != want {
			t.Errorf("%d: %+v", code, got)
		}
	}
}
