package imap_test

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/test/replies"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// connect returns a conversation with a server that gives these answers.
func connect(answers ...string) (*imap.Conn, *replies.Server) {
	s := replies.NewTagged(answers...)
	return imap.New(wire.NewLines(s)), s
}

// A greeting is one in any case of its status, and no other response is.
func TestGreets(t *testing.T) {
	greets := imap.Protocol().Greets
	for _, text := range []string{"* OK ready", "* ok", "* PREAUTH welcome", "* BYE overloaded", "* bye"} {
		if !greets(text) {
			t.Errorf("%q greets not", text)
		}
	}
	for _, text := range []string{"", "*", "* NO", "* BAD x", "* 3 EXISTS", "a1 OK ready", "+ OK", "OK", "220 ready", "+OK ready", "* OKAY"} {
		if greets(text) {
			t.Errorf("%q greets", text)
		}
	}
}

func TestParse(t *testing.T) {
	type r = imap.Response
	for _, c := range []struct {
		line string
		want r
	}{
		{"* OK ready", r{Tag: "*", Status: "OK", Text: "ready", Line: "OK ready"}},
		{"* ok", r{Tag: "*", Status: "OK", Line: "ok"}},
		{"a1 No [UnAvailable] later", r{Tag: "a1", Status: "NO", Code: "UNAVAILABLE", Text: "later", Line: "No [UnAvailable] later"}},
		{"* OK [CAPABILITY IMAP4rev1 X] hi", r{Tag: "*", Status: "OK", Code: "CAPABILITY", Args: "IMAP4rev1 X", Text: "hi", Line: "OK [CAPABILITY IMAP4rev1 X] hi"}},
		{"* OK [broken", r{Tag: "*", Status: "OK", Text: "[broken", Line: "OK [broken"}},
		{"* OKAY", r{Tag: "*", Text: "OKAY", Line: "OKAY"}},
		{"* OK\tready", r{Tag: "*", Text: "OK\tready", Line: "OK\tready"}},
		{"* 3 EXISTS", r{Tag: "*", Text: "3 EXISTS", Line: "3 EXISTS"}},
		{"+", r{Tag: "+"}},
		{"+ OK", r{Tag: "+", Text: "OK", Line: "OK"}},
		{"", r{}},
		{"*OK", r{Tag: "*OK"}},
	} {
		if got := imap.Parse(c.line); got != c.want {
			t.Errorf("%q: %+v", c.line, got)
		}
	}
}

func TestCapabilityList(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{" IMAP4rev1 starttls  Auth=plain ", "IMAP4REV1 STARTTLS AUTH=PLAIN"},
		{"", ""},
		{"X (", "!"},
		{"STARTTLS\tX", "!"},
		{"STARTTLS\u00a0X", "!"}, // a blank in Unicode only
		{"\u017ftarttls", "!"},   // an S in Unicode only
		{"A\x7f", "!"},
		{`A"B`, "!"},
		{"A]", "!"},
	} {
		got, err := imap.ParseCapabilities(c.list)
		if err != nil {
			got = []string{"!"}
			if !errors.Is(err, policy.ErrMalformed) {
				t.Errorf("%q: %v", c.list, err)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: %q", c.list, got)
		}
		inCode := imap.Parse("* OK [CAPABILITY " + c.list + "] x").Capabilities()
		inData := imap.Parse("* CapAbility " + c.list).Capabilities()
		if c.want == "!" && (inData != nil || inCode != nil && !strings.Contains(c.list, "]")) {
			t.Errorf("%q: a malformed list was used: %q, %q", c.list, inCode, inData)
		}
		if c.want != "!" && (!slices.Equal(inCode, got) || !slices.Equal(inData, got)) {
			t.Errorf("%q: in code %q, in data %q", c.list, inCode, inData)
		}
	}
	if got := imap.Parse("* NO [ALERT] CAPABILITY X").Capabilities(); got != nil {
		t.Errorf("a list out of nowhere: %q", got)
	}
}

func TestGreeting(t *testing.T) {
	for in, want := range map[string]error{
		"* OK hi\r\n": nil, "* preauth\r\n": nil, "* BYE busy\r\n": policy.ErrRefused, "* NO x\r\n": policy.ErrMalformed,
		"* BAD x\r\n": policy.ErrMalformed, "a OK x\r\n": policy.ErrMalformed, "+ OK x\r\n": policy.ErrMalformed,
		"\r\n": policy.ErrMalformed, "220 x\r\n": policy.ErrMalformed, "+OK x\r\n": policy.ErrMalformed,
		"* 1 EXISTS\r\n": policy.ErrMalformed, "* OK x\n": policy.ErrMalformed, "HTTP/1.1 400 x\r\n": policy.ErrMalformed, "": io.EOF,
	} {
		c, _ := connect(in)
		if _, err := c.Greet(); !errors.Is(err, want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		answer, status string
		err            error
	}{
		{"<t> OK go\r\n", "OK", nil},
		{"<t> ok\r\n", "OK", nil},
		{"<t> NO no\r\n", "NO", nil},
		{"<t> bad no\r\n", "BAD", nil},
		{"* LIST () \"/\" evil\r\n* 1 EXISTS\r\n<t> OK go\r\n", "OK", nil},
		{"* OK text {5}\r\n<t> OK go\r\n", "OK", nil}, // a status text has no literals
		{"* 1 FETCH (BODY[] {9}\r\nx OK fake)\r\n<t> OK go\r\n", "OK", nil},
		{"* X {2}\r\n\r\n{3+}\r\nabc\r\n<t> OK go\r\n", "OK", nil},
		{"* X {0}\r\n\r\n<t> OK go\r\n", "OK", nil},
		{"* X {65536}\r\n<t> OK go\r\n", "", policy.ErrLimit},
		{"* X {4294967295}\r\n<t> OK go\r\n", "", policy.ErrLimit},
		{"* X {9223372036854775807}\r\n<t> OK go\r\n", "", policy.ErrLimit},
		{"* X {99999999999999999999}\r\n<t> OK go\r\n", "", policy.ErrLimit},
		{"* X {-1}\r\n<t> OK go\r\n", "", policy.ErrMalformed},
		{"* X {}\r\n<t> OK go\r\n", "", policy.ErrMalformed},
		{"* X {x}\r\n<t> OK go\r\n", "", policy.ErrMalformed},
		{"* X {9}\r\nshort", "", io.EOF},
		{"x OK go\r\n<t> OK go\r\n", "", policy.ErrInjected},
		{"<t>1 OK go\r\n", "", policy.ErrInjected},
		{" OK go\r\n", "", policy.ErrInjected},
		{"\r\n", "", policy.ErrInjected},
		{"+ go on\r\n<t> OK go\r\n", "", policy.ErrInjected},
		{"<t> OKAY go\r\n", "", policy.ErrMalformed},
		{"<t> XYZZY go\r\n", "", policy.ErrMalformed},
		{"<t> PREAUTH go\r\n", "", policy.ErrMalformed},
		{"<t> BYE go\r\n", "", policy.ErrMalformed},
		{"<t>\r\n", "", policy.ErrMalformed},
		{"* BYE later\r\n<t> OK go\r\n", "", io.EOF},
		{"<t> OK", "", io.ErrUnexpectedEOF},
		{strings.Repeat("* OK\r\n", 300) + "<t> OK go\r\n", "", policy.ErrLimit},
	} {
		conn, srv := connect("", c.answer)
		r, err := conn.Command("STARTTLS")
		if !errors.Is(err, c.err) || err == nil && r.Status != c.status {
			t.Errorf("%.60q: %+v, %v", c.answer, r, err)
		}
		if !slices.Equal(srv.Received, []string{"STARTTLS\r\n"}) {
			t.Errorf("%.60q: sent %q", c.answer, srv.Received)
		}
	}
}

func TestByeIsKept(t *testing.T) {
	conn, _ := connect("", "* BYE too \x1b[31mbusy\r\n")
	_, err := conn.Command("NOOP")
	var closed *wire.Closed
	if !errors.As(err, &closed) || closed.Reply != "BYE too \ufffd[31mbusy" {
		t.Errorf("%v", err)
	}
}

func TestTags(t *testing.T) {
	form := regexp.MustCompile(`^[A-Z2-7]{8}[0-9]+$`)
	seen := map[string]bool{}
	for range 3 {
		conn, _ := connect("", "", "")
		for range 2 {
			tag, err := conn.Start("NOOP")
			if err != nil || !form.MatchString(tag) || seen[tag] {
				t.Errorf("tag %q, %v", tag, err)
			}
			seen[tag] = true
		}
	}
}

func TestObserve(t *testing.T) {
	conn, _ := connect("", "* 1 EXISTS\r\n* OK [ALERT] x\r\n<t> OK\r\n")
	var got []string
	conn.Observe = func(r imap.Response) { got = append(got, r.Line) }
	if _, err := conn.Command("NOOP"); err != nil || !slices.Equal(got, []string{"1 EXISTS", "OK [ALERT] x", "OK"}) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestCapabilities(t *testing.T) {
	for _, c := range []struct {
		answer, want string
		err          error
	}{
		{"* CAPABILITY imap4rev1 starttls\r\n<t> OK x\r\n", "IMAP4REV1 STARTTLS", nil},
		{"* CAPABILITY IMAP4rev1\r\n* 2 EXISTS\r\n<t> OK x\r\n", "IMAP4REV1", nil},
		{"* CAPABILITY\r\n<t> OK x\r\n", "", nil},
		{"* CAPABILITY IMAP4rev1 STARTTLS\r\n* CAPABILITY IMAP4rev1\r\n<t> OK x\r\n", "IMAP4REV1 STARTTLS IMAP4REV1", nil},
		{"* CAPABILITY IMAP4rev1 (STARTTLS\r\n* CAPABILITY IMAP4rev1\r\n<t> OK x\r\n", "", policy.ErrMalformed},
		{"<t> OK x\r\n", "", policy.ErrMalformed},
		{"* OK [CAPABILITY STARTTLS] x\r\n<t> OK x\r\n", "", policy.ErrMalformed},
		{"* CAPABILITYX STARTTLS\r\n<t> OK x\r\n", "", policy.ErrMalformed},
		{"* CAPABILITY X (\r\n<t> OK x\r\n", "", policy.ErrMalformed},
		{"* CAPABILITY STARTTLS\r\n<t> NO x\r\n", "", policy.ErrRefused},
		{"* CAPABILITY STARTTLS\r\n<t> BAD x\r\n", "", policy.ErrRefused},
		{"* CAPABILITY STARTTLS\r\n* BYE x\r\n", "", io.EOF},
		{"* CAPABILITY STARTTLS\r\n", "", io.EOF},
	} {
		conn, _ := connect("", c.answer)
		list, err := conn.Capabilities()
		caps := list.Entries
		if strings.Join(caps, " ") != c.want || !errors.Is(err, c.err) || (err == nil) != (caps != nil) {
			t.Errorf("%q: %q, %v", c.answer, caps, err)
		}
		if conn.Observe != nil {
			t.Errorf("%q: a hook is left behind", c.answer)
		}
	}
}

func TestReady(t *testing.T) {
	c, _ := connect()
	for list, want := range map[string]error{
		"X IMAP4REV1": nil, "IMAP4REV2": nil, "IMAP4": policy.ErrMalformed, "": policy.ErrMalformed, "IMAP4REV11": policy.ErrMalformed,
	} {
		if err := c.Ready(strings.Fields(list)); !errors.Is(err, want) {
			t.Errorf("%q: %v", list, err)
		}
	}
}

func TestTransient(t *testing.T) {
	for text, want := range map[string]struct{ code, words bool }{
		"* BYE [UNAVAILABLE] x": {true, true}, "* BYE [inuse] x": {true, true}, "* BYE [LIMIT x] x": {true, true},
		"* BYE [UNAVAILABLE x": {false, true}, "* BYE UNAVAILABLE] x": {false, true}, "* BYE x [UNAVAILABLE]": {false, true},
		"* BYE [UNAVAILABLEX] busy": {false, false}, "* BYE [ALERT] busy": {false, true}, "* BYE [ALERT] x": {false, false},
		"* BYE try again later": {false, true}, "* 4 x": {false, false}, "* BYE": {false, false},
	} {
		r := imap.Parse(text)
		if got := r.Words(); r.Transient() != want.code || got.Transient != want.words || got.Text != text[2:] {
			t.Errorf("%q: %v, %+v", text, r.Transient(), got)
		}
	}
}
