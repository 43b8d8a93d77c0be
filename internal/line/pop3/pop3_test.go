package pop3_test

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/test/replies"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

func connect(answers ...string) (*pop3.Conn, *replies.Server) {
	s := replies.New(answers...)
	return pop3.New(wire.NewLines(s)), s
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ line, reply, code string }{ // "" is malformed
		{"+OK", "+OK", ""},
		{"+ok ready", "+OK ready", ""},
		{"+Ok ", "+OK", ""},
		{"+OK [IN-USE] x", "+OK [IN-USE] x", ""},
		{"-ERR", "-ERR", ""},
		{"-err [in-use] locked", "-ERR [in-use] locked", "IN-USE"},
		{"-ERR [SYS/TEMP]", "-ERR [SYS/TEMP]", "SYS/TEMP"},
		{"-ERR [IN-USE", "-ERR [IN-USE", ""},
		{"-ERR IN-USE] x", "-ERR IN-USE] x", ""},
		{"-ERR x [IN-USE]", "-ERR x [IN-USE]", ""},
		{"+OKAY", "", ""},
		{"+OK\tready", "", ""},
		{"+OK-", "", ""},
		{" +OK", "", ""},
		{"+O\u212a", "", ""}, // a K in Unicode only
		{"-ERROR", "", ""},
		{"+", "", ""},
		{"+ OK", "", ""},
		{"", "", ""},
		{".", "", ""},
		{"220 x", "", ""},
	} {
		r, err := pop3.Parse(c.line)
		if c.reply == "" {
			if !errors.Is(err, policy.ErrMalformed) || r.OK {
				t.Errorf("%q: %v, %v", c.line, r, err)
			}
			continue
		}
		if err != nil || r.String() != c.reply || r.Code() != c.code || r.OK != strings.HasPrefix(c.reply, "+") {
			t.Errorf("%q: %q with code %q, %v", c.line, r, r.Code(), err)
		}
	}
}

func TestGreeting(t *testing.T) {
	for in, want := range map[string]error{
		"+OK hi <1.2@h>\r\n": nil, "+ok\r\n": nil, "-ERR busy\r\n": policy.ErrRefused, "* OK\r\n": policy.ErrMalformed,
		"+OKAY\r\n": policy.ErrMalformed, "+OK x\r\n+OK y\r\n": policy.ErrInjected, "+OK x\r\ny": policy.ErrInjected,
		"": io.EOF, "+O": io.ErrUnexpectedEOF, "+OK\n": policy.ErrMalformed,
	} {
		l, _ := connect(in)
		if _, err := l.Greet(); !errors.Is(err, want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestCommand(t *testing.T) {
	l, srv := connect("+OK x\r\n+OK go\r\n", "+OK go\r\n")
	if _, err := l.ReadLine(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Command("STLS"); !errors.Is(err, policy.ErrInjected) || srv.Received != nil {
		t.Errorf("an answer before its command: %v, sent %q", err, srv.Received)
	}
	l, srv = connect("", "+ok go\r\n", "-ERR no\r\n")
	for _, want := range []bool{true, false} {
		if r, err := l.Command("STLS"); r.OK != want || err != nil {
			t.Errorf("%v, %v", r, err)
		}
	}
	if !slices.Equal(srv.Received, []string{"STLS\r\n", "STLS\r\n"}) {
		t.Errorf("sent %q", srv.Received)
	}
	l, srv = connect("")
	if _, err := l.Command("USER x\r\nPASS y"); !errors.Is(err, wire.ErrArgument) || srv.Received != nil {
		t.Errorf("a command of two lines: %v, sent %q", err, srv.Received)
	}
}

func TestCapabilities(t *testing.T) {
	for _, c := range []struct {
		answer, want string // "-" is no list
		err          error
	}{
		{"+OK\r\nstls\r\nsasl Plain  Login \r\n.\r\n", "STLS|SASL Plain Login", nil},
		{"+OK\r\n.\r\n", "", nil},
		{"+OK\r\n..STLS\r\n.\r\n", ".STLS", nil},
		{"+OK\r\nSTLSX\r\nX STLS\r\n.\r\n", "STLSX|X STLS", nil},
		{"+OK\r\n\u017ftls\r\n.\r\n", "\u017fTLS", nil}, // an S in Unicode only
		{"+OK\r\nSTLS\u00a0x\r\n.\r\n", "STLS\u00a0X", nil},
		{"-ERR what\r\n", "-", nil},
		{"-ERR [AUTH] what\r\n", "-", nil},
		{"-ERR [IN-USE] locked\r\n", "-", policy.ErrRefused},
		{"-ERR [in-use/x] locked\r\n", "-", policy.ErrRefused},
		{"-ERR [SYS/TEMP] later\r\n", "-", policy.ErrRefused},
		{"-ERR [SYS/X] never\r\n", "-", policy.ErrRefused},
		{"+OK\r\nSTLS\r\n", "-", io.EOF},
		{"+OK\r\nSTLS\r\n.", "-", io.ErrUnexpectedEOF},
		{"+OK\r\nSTLS\r\n.\n", "-", policy.ErrMalformed},
		{"+OK\r\n" + strings.Repeat("X\r\n", 300), "-", policy.ErrLimit},
		{"OK\r\nSTLS\r\n.\r\n", "-", policy.ErrMalformed},
		{"+OK\r\nSTLS\x00\r\n.\r\n", "-", policy.ErrMalformed},
		{"+OK\r\nST\rLS\r\n.\r\n", "-", policy.ErrMalformed},
		{"+OK\r\n+OK\r\nSTLS\r\n.\r\n", "-", policy.ErrMalformed}, // a reply too many
		{"+OK\r\nSTLS\r\n-err no\r\n", "-", policy.ErrMalformed},
	} {
		l, _ := connect("", c.answer)
		list, err := l.Capabilities()
		if list.Status == line.Refused {
			err = list.Reply.Violation(policy.ErrRefused)
		}
		got := strings.Join(list.Entries, "|")
		if list.Entries == nil {
			got = "-"
		}
		if got != c.want || !errors.Is(err, c.err) || err == nil && (list.Status == line.NoList) != (got == "-") {
			t.Errorf("%.40q: %q, %v", c.answer, got, err)
		}
	}
}

var (
	accepts = regexp.MustCompile(`^\+[oO][kK]( [^\r\n]*)?\r\n`)
	offers  = regexp.MustCompile(`(?i)\n\.?[ \t]*STLS[ \t\r]`)
)

// An upgrade is accepted only by +OK, and offered only by its exact keyword.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"+OK\r\n", "+OKAY\r\n", "-ERR [SYS/TEMP] x\r\n", "+OK\r\nSTLS\r\n.\r\n", "+OK\r\n\u017ftls\r\n.\r\n", "+OK\r\n..\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		l, srv := connect("", string(answer))
		list, err := l.Capabilities()
		if len(srv.Received) != 1 {
			t.Fatalf("sent %q", srv.Received)
		}
		if err == nil && list.Status == line.Listed && !accepts.Match(answer) {
			t.Fatalf("%q: %v", answer, list)
		}
		if (err != nil || list.Status != line.Listed) && list.Entries != nil {
			t.Fatalf("%q: a list with %v, %v", answer, list, err)
		}
		for _, k := range list.Entries {
			if word, _, _ := strings.Cut(k, " "); word == "STLS" && !offers.Match(answer) {
				t.Fatalf("%q offers: %q", answer, list.Entries)
			}
		}
	})
}

func TestTransient(t *testing.T) {
	for text, want := range map[string]bool{
		"-ERR [SYS/TEMP] later": true, "-ERR [in-use] later": true, "-ERR [LOGIN-DELAY] later": true, "-ERR [IN-USE/x] later": true,
		"-ERR [SYS/PERM] never": false, "-ERR [SYS/TEMPX] never": false, "-ERR later [IN-USE]": false, "-ERR": false, "+OK [IN-USE]": false,
	} {
		r, err := pop3.Parse(text)
		if got := r.Words(); err != nil || got.Transient != want || got.Text != r.String() {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
