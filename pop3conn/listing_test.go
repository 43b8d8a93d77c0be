package pop3conn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// TestNumbers: what is not exactly a listing is malformed; sizes may be
// anything that is a number.
func TestNumbers(t *testing.T) {
	stat := func(c *pop3conn.Client) error { _, _, err := c.Stat(); return err }
	list := func(c *pop3conn.Client) error { _, err := c.List(2); return err }
	listAll := func(c *pop3conn.Client) error { _, err := c.ListAll(); return err }
	uidl := func(c *pop3conn.Client) error { _, err := c.UIDL(2); return err }
	uidlAll := func(c *pop3conn.Client) error { _, err := c.UIDLAll(); return err }
	id70 := strings.Repeat("!", 35) + strings.Repeat("~", 35)
	for _, tt := range []struct {
		ask   func(*pop3conn.Client) error
		reply string
		ok    bool
	}{
		{stat, "+OK 0 0", true},
		{stat, "+OK 1 1152921504606846976 extra", true},
		{stat, "+OK", false},
		{stat, "+OK 1", false},
		{stat, "+OK  1 2", false},
		{stat, "+OK -1 2", false},
		{stat, "+OK 1 -2", false},
		{stat, "+OK +1 2", false},
		{stat, "+OK 1 0x2", false},
		{stat, "+OK 4294967296 2", false},
		{stat, "+OK 1 99999999999999999999", false},
		{list, "+OK 2 7", true},
		{list, "+OK 3 7", false},
		{list, "+OK 2", false},
		{list, "+OK 2 x", false},
		{listAll, "+OK\r\n1 2\r\n1 2 more\r\n.", true},
		{listAll, "+OK\r\n0 2\r\n.", false},
		{listAll, "+OK\r\n1\r\n.", false},
		{listAll, "+OK\r\n\r\n.", false},
		{listAll, "+OK\r\n1 2\n.", false},
		{listAll, "+OK\r\n1 " + strings.Repeat("2", 9<<10) + "\r\n.", false},
		{uidl, "+OK 2 " + id70, true},
		{uidl, "+OK 2 " + id70 + "x", false},
		{uidl, "+OK 3 x", false},
		{uidl, "+OK 2 ", false},
		{uidl, "+OK 2 a b", false},
		{uidl, "+OK 2 a\tb", false},
		{uidl, "+OK 2 \x7f", false},
		{uidlAll, "+OK\r\n1 a\r\n2 a\r\n.", true},
		{uidlAll, "+OK\r\n1 \xe9\r\n.", false},
		{uidlAll, "+OK\r\n-1 a\r\n.", false},
		{uidlAll, "+OK\r\n0 a\r\n.", false},
	} {
		conn := answering(0, tt.reply+"\r\n")
		err := tt.ask(mustBegin(t, conn))
		var v *policy.Violation
		if (err == nil) != tt.ok || !tt.ok && (!errors.As(err, &v) || !conn.closed) {
			t.Errorf("%.40q: %v", tt.reply, err)
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
	list, err := mustBegin(t, answering(0, b.String()+".\r\n")).ListAll()
	if err != nil || len(list) != many || list[many-1] != (pop3conn.Listing{Msg: many, Size: many - 1}) {
		t.Errorf("%d entries, %v", len(list), err)
	}
	over := "+OK\r\n" + strings.Repeat("1 1\r\n", 1<<20+1) + ".\r\n"
	if _, err := mustBegin(t, answering(0, over)).ListAll(); !errors.Is(err, policy.ErrLimit) {
		t.Errorf("a million and more: %v", err)
	}
}

func TestStuffedList(t *testing.T) {
	for n, want := range map[int]error{256: nil, 257: policy.ErrLimit} {
		conn := answering(0, "+OK\r\n", "+OK\r\n", "+OK\r\n"+strings.Repeat("..X\r\n", n)+".\r\n")
		c, err := begin(conn, &pop3conn.Options{Auth: cleartext()})
		if err != nil {
			t.Fatal(err)
		}
		if list, err := c.Capabilities(); !errors.Is(err, want) || err == nil && (len(list) != n || list[0] != ".X") {
			t.Errorf("%d capabilities: %d %v", n, len(list), err)
		}
	}
}
