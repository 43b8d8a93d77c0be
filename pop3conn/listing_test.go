package pop3conn_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// What becomes of a reply: the value, an error of the call alone, or one that ends
// the session.
const (
	good = "good"
	odd  = "odd"
	over = "over"
)

// TestNumbers asks for the listing of one message, and for the sum of all. Blanks may
// be any; a reply about another message, or about none, answers another command.
func TestNumbers(t *testing.T) {
	stat := func(c *pop3conn.Client) error { _, _, err := c.Stat(ctx); return err }
	list := func(c *pop3conn.Client) error { _, err := c.List(ctx, 2); return err }
	uidl := func(c *pop3conn.Client) error { _, err := c.UIDL(ctx, 2); return err }
	for _, tt := range []struct {
		ask   func(*pop3conn.Client) error
		reply string
		want  string
	}{
		{stat, "+OK 0 0", good},
		{stat, "+OK 1 1152921504606846976 extra", good},
		{stat, "+OK  1 \t 2 ", good},
		{stat, "+OK", over},
		{stat, "+OK deleted", over},
		{stat, "+OK 1", over},
		{stat, "+OK -1 2", over},
		{stat, "+OK 1 -2", over},
		{stat, "+OK +1 2", over},
		{stat, "+OK 1 +2", over},
		{stat, "+OK 1 0x2", over},
		{stat, "+OK 4294967296 2", over},
		{stat, "+OK 1 99999999999999999999", over},
		{list, "+OK 2 7", good},
		{list, "+OK \t2   7 octets", good},
		{list, "+OK 3 7", over},
		{list, "+OK", over},
		{list, "+OK 2", odd},
		{list, "+OK 2 x", odd},
		{uidl, "+OK 2 a", good},
		{uidl, "+OK  2\ta b ", good},
		{uidl, "+OK 2 \x7f\xff", good},
		{uidl, "+OK 2 " + strings.Repeat("x", 512), good},
		{uidl, "+OK 2 " + strings.Repeat("x", 513), odd},
		{uidl, "+OK 2 ", odd},
		{uidl, "+OK 2", odd},
		{uidl, "+OK 3 x", over},
		{uidl, "+OK x", over},
	} {
		conn := answering(0, tt.reply+"\r\n", "+OK\r\n")
		c := mustBegin(t, conn)
		err := tt.ask(c)
		got := good
		var v *policy.Violation
		switch {
		case errors.As(err, &v) && c.Noop(ctx) == nil:
			got = odd
		case errors.As(err, &v) && conn.closed:
			got = over
		case err != nil:
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%.40q: %s, want %s", tt.reply, got, tt.want)
		}
	}
}

// TestLists reads lists whose lines are not as they should be: each costs no other.
func TestLists(t *testing.T) {
	sizes := func(c *pop3conn.Client) ([]pop3conn.Listing, error) { return c.ListAll(ctx) }
	ids := func(c *pop3conn.Client) ([]pop3conn.Listing, error) { return c.UIDLAll(ctx) }
	long := strings.Repeat("!", 256) + strings.Repeat("~", 256)
	for _, tt := range []struct {
		ask   func(*pop3conn.Client) ([]pop3conn.Listing, error)
		lines string
		want  []pop3conn.Listing // nil for an end of the session
	}{
		{sizes, "1 2\r\n1 2 more\r\n", []pop3conn.Listing{{Msg: 1, Size: 2}, {Msg: 1, Size: 2}}},
		{sizes, "  1 \t 2\r\n\t2 3\r\n", []pop3conn.Listing{{Msg: 1, Size: 2}, {Msg: 2, Size: 3}}},
		{sizes, "0 2\r\n1\r\n2 x\r\n3 -1\r\n4 99999999999999999999\r\n5 1\r\n",
			[]pop3conn.Listing{{Msg: 1, Size: -1}, {Msg: 2, Size: -1}, {Msg: 3, Size: -1}, {Msg: 4, Size: -1}, {Msg: 5, Size: 1}}},
		{sizes, "\r\nx\r\n-1 2\r\n4294967296 1\r\n1.5 2\r\n7 1\r\n", []pop3conn.Listing{{Msg: 7, Size: 1}}},
		{sizes, "1 \x00\r\n2 \r3\r\n3 4\r\n", []pop3conn.Listing{{Msg: 3, Size: 4}}},
		{sizes, "1 2\n", nil},
		{sizes, "1 " + strings.Repeat("2", 9<<10) + "\r\n", nil},
		{sizes, "1 2\r\n+OK\r\n", nil},
		{sizes, "1 2\r\n-err shut down\r\n", nil},
		{ids, "1 a\r\n2 a\r\n", []pop3conn.Listing{{Msg: 1, ID: "a", Size: -1}, {Msg: 2, ID: "a", Size: -1}}},
		{ids, "1   a\r\n 2\tb\t\r\n", []pop3conn.Listing{{Msg: 1, ID: "a", Size: -1}, {Msg: 2, ID: "b", Size: -1}}},
		{ids, "1 a b\r\n2 \xe9\x7f\x1b\r\n3 \u00fc\r\n", []pop3conn.Listing{{Msg: 1, ID: "a b", Size: -1}, {Msg: 2, ID: "\xe9\x7f\x1b", Size: -1}, {Msg: 3, ID: "\u00fc", Size: -1}}},
		{ids, "1 " + long + "\r\n2 " + long + "x\r\n3\r\n4 d\r\n", []pop3conn.Listing{{Msg: 1, ID: long, Size: -1}, {Msg: 2, Size: -1}, {Msg: 3, Size: -1}, {Msg: 4, ID: "d", Size: -1}}},
		{ids, "-1 a\r\n0 b\r\nx c\r\n1 d\r\n", []pop3conn.Listing{{Msg: 1, ID: "d", Size: -1}}},
		{ids, "..\r\n..1 a\r\n1 .\r\n", []pop3conn.Listing{{Msg: 1, ID: ".", Size: -1}}},
	} {
		conn := answering(0, "+OK\r\n"+tt.lines+".\r\n", "+OK\r\n")
		c := mustBegin(t, conn)
		list, err := tt.ask(c)
		var v *policy.Violation
		switch {
		case tt.want == nil:
			if !errors.As(err, &v) || !conn.closed {
				t.Errorf("%.40q: %v, %v", tt.lines, list, err)
			}
		case err != nil || !reflect.DeepEqual(list, tt.want) || c.Noop(ctx) != nil:
			t.Errorf("%.40q: %v, %v", tt.lines, list, err)
		}
	}
}

// TestLargeMailbox: a list has more lines than a reply before the session may
// have, and nevertheless an end.
func TestLargeMailbox(t *testing.T) {
	var b strings.Builder
	b.WriteString("+OK\r\n")
	const many = 100_000
	for i := range many {
		fmt.Fprintf(&b, "%d %d\r\n", i+1, i)
	}
	list, err := mustBegin(t, answering(0, b.String()+".\r\n")).ListAll(ctx)
	if err != nil || len(list) != many || list[many-1] != (pop3conn.Listing{Msg: many, Size: many - 1}) {
		t.Errorf("%d entries, %v", len(list), err)
	}
	for _, over := range []string{
		strings.Repeat("1 1\r\n", 1<<20+1),
		strings.Repeat("x\r\n", 1<<20+1),
		strings.Repeat("1 "+strings.Repeat("x", 8000)+"\r\n", 64<<20/8000+1),
	} {
		if _, err := mustBegin(t, answering(0, "+OK\r\n"+over+".\r\n")).UIDLAll(ctx); !errors.Is(err, policy.ErrLimit) {
			t.Errorf("%d bytes: %v", len(over), err)
		}
	}
}

// TestLongCapabilities: a list of capabilities has the same limits in a session as
// before it.
func TestLongCapabilities(t *testing.T) {
	for n, want := range map[int]error{255: nil, 256: policy.ErrLimit} {
		conn := answering(0, "+OK\r\n", "+OK\r\n", "+OK\r\n"+strings.Repeat("..X\r\n", n)+".\r\n")
		c, err := begin(conn, &pop3conn.Options{Auth: cleartext()})
		if err != nil {
			t.Fatal(err)
		}
		if list, err := c.Capa(ctx); !errors.Is(err, want) || err == nil && (len(list) != n || list[0] != ".X") {
			t.Errorf("%d capabilities: %d %v", n, len(list), err)
		}
	}
}
