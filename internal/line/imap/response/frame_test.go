package response_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/policy"
)

// find looks for the end of a response in a text that arrives n bytes at a time.
func find(text string, n int, l response.Limits) (response.Extent, error) {
	f := response.Frame{Limits: &l}
	for have := 0; ; {
		e, err := f.Find([]byte(text[:have]))
		if err != nil || e.Len > 0 || e.Numbers {
			return e, err
		}
		if e.Need <= have {
			return e, fmt.Errorf("has %d bytes and wants %d", have, e.Need)
		}
		if have == len(text) {
			return e, nil
		}
		have = min(have+n, len(text))
	}
}

func TestFrame(t *testing.T) {
	limits := response.Limits{Line: 200, Literal: 50, Depth: 8, Set: 9}
	big := response.Inline + 1
	for _, c := range []struct {
		text, whole string // whole is the response in text
		body        int64
		err         error
	}{
		{text: "* 1 EXISTS\r\n* 2 EXISTS\r\n", whole: "* 1 EXISTS\r\n"},
		{text: "* 1 EXISTS\n* 2", whole: "* 1 EXISTS\n"},
		{text: "\r\n", whole: "\r\n"},
		{text: "* 1 EXISTS\r"},
		{text: "* OK text {5}\r\nabcdef\r\n", whole: "* OK text {5}\r\n"},
		{text: "T1 OK text {5}\r\nabcdef\r\n", whole: "T1 OK text {5}\r\n"},
		{text: "+ text {5}\r\nabcdef\r\n", whole: "+ text {5}\r\n"},
		{text: "* LIST () \"/\" {3}\r\na\nb\r\n* 2", whole: "* LIST () \"/\" {3}\r\na\nb\r\n"},
		{text: "* X {0}\r\n{2}\r\n\r\n x\r\n", whole: "* X {0}\r\n{2}\r\n\r\n x\r\n"},
		{text: "* X {3}\r\nab"},
		{text: "* 1 FETCH (BODY[] {5}\r\nhello)\r\n", whole: "* 1 FETCH (BODY[] {5}\r\nhello)\r\n"},
		{text: fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\nhel", big), whole: fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n", big), body: int64(big)},
		{text: fmt.Sprintf("* 1 FETCH (BINARY[1]<7> ~{%d}\r\n", big), whole: fmt.Sprintf("* 1 FETCH (BINARY[1]<7> ~{%d}\r\n", big), body: int64(big)},
		{text: "* 1 FETCH (BODY[] {9223372036854775807}\r\n", whole: "* 1 FETCH (BODY[] {9223372036854775807}\r\n", body: 1<<63 - 1},
		{text: "* 1 FETCH (BODY[] {9223372036854775808}\r\n", err: policy.ErrLimit},
		{text: "* X {99999999999999999999999999999}\r\n", err: policy.ErrLimit},
		{text: "* 1 FETCH (ENVELOPE (NIL {65587}\r\n", err: policy.ErrLimit},
		{text: "* LIST () NIL x] {70000}\r\n", err: policy.ErrLimit},
		{text: "* X " + strings.Repeat("a", 201), err: policy.ErrLimit},
		{text: "* X " + strings.Repeat("a", 201) + "\r\n", err: policy.ErrLimit},
		{text: "* X" + strings.Repeat(" {1}\r\na", 40) + "\r\n", err: policy.ErrLimit},
	} {
		for _, n := range []int{1, 7, 1 << 20} {
			e, err := find(c.text, n, limits)
			if !errors.Is(err, c.err) || c.text[:e.Len] != c.whole || e.Body != c.body {
				t.Errorf("%.60q, %d at a time: %q, body of %d, %v", c.text, n, c.text[:e.Len], e.Body, err)
			}
		}
	}
}

// Bodies that are held are so together up to a limit.
func TestFrameHoldsSmallBodies(t *testing.T) {
	half := strings.Repeat("x", response.Inline/2)
	item := fmt.Sprintf("BODY[1] {%d}\r\n%s", len(half), half)
	text := "* 1 FETCH (" + item + " " + item + " "
	e, err := find(text+"BODY[2] {1}\r\nx)\r\n", 1<<20, response.Default())
	if want := len(text + "BODY[2] {1}\r\n"); err != nil || e.Len != want || e.Body != 1 {
		t.Errorf("%+v, want %d, %v", e, want, err)
	}
}

// A response may be found to go on after the end of a line.
func TestFrameTakesTheNextLine(t *testing.T) {
	buf := []byte("* 1 FETCH (FLAGS (a\r\n b))\r\n* 2 EXISTS\r\n")
	f := response.Frame{Limits: limits()}
	first, err := f.Find(buf)
	if err != nil || string(buf[:first.Len]) != "* 1 FETCH (FLAGS (a\r\n" {
		t.Fatalf("%+v, %v", first, err)
	}
	if more, err := f.Find(buf); err != nil || string(buf[:more.Len]) != "* 1 FETCH (FLAGS (a\r\n b))\r\n" {
		t.Errorf("%+v, %v", more, err)
	}
}

func TestFrameOfLongNumbers(t *testing.T) {
	text := "* SEARCH" + strings.Repeat(" 1234567", 1<<13)
	for name, want := range map[string]bool{"SEARCH": true, "sort": true, "OTHER": false} {
		if e, err := find(strings.Replace(text, "SEARCH", name, 1), 1000, response.Default()); err != nil || e.Numbers != want {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

// limits returns the default ones.
func limits() *response.Limits {
	l := response.Default()
	return &l
}
