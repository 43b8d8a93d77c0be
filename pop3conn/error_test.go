package pop3conn_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/pop3conn"
)

// TestRefusals: -ERR is a *Error, nothing is read after it, and the session
// goes on.
func TestRefusals(t *testing.T) {
	codes := []string{"RESP-CODES"}
	for _, tt := range []struct {
		caps      []string
		reply     string
		code      string
		text      string
		temporary bool
	}{
		{nil, "-ERR no such message", "", "no such message", false},
		{nil, "-ERR", "", "", false},
		{nil, "-ERR [foo] x", "", "[foo] x", false},
		{codes, "-ERR [foo] x", "FOO", "x", false},
		{codes, "-ERR [foo]", "FOO", "", false},
		{codes, "-ERR [foo", "", "[foo", false},
		{codes, "-ERR [sys/temp/x] y", "SYS/TEMP/X", "y", true},
		{codes, "-ERR [SYS/TEMPER] y", "SYS/TEMPER", "y", false},
		{codes, "-ERR [SYS/PERM] y", "SYS/PERM", "y", false},
		{codes, "-ERR [LOGIN-DELAY] y", "LOGIN-DELAY", "y", true},
		{nil, "-ERR [IN-USE] y", "IN-USE", "y", true},
		{nil, "-ERR [SYS/PERM] y", "", "[SYS/PERM] y", false},
		{[]string{"AUTH-RESP-CODE"}, "-ERR [SYS/PERM] y", "SYS/PERM", "y", false},
		{[]string{"AUTH-RESP-CODE"}, "-ERR [foo] y", "", "[foo] y", false},
	} {
		c := mustBegin(t, play(t, with(hello(tt.caps...), "C: RETR 9", "S: "+tt.reply, "C: NOOP", "S: +OK")...))
		_, err := c.Retr(ctx, 9)
		var e *pop3conn.Error
		if !errors.As(err, &e) || *e != (pop3conn.Error{Code: tt.code, Text: tt.text, Command: "RETR 9"}) || e.Temporary() != tt.temporary {
			t.Errorf("%v %q: %#v", tt.caps, tt.reply, err)
		}
		if err := c.Noop(ctx); err != nil {
			t.Errorf("%q: then %v", tt.reply, err)
		}
	}
}

func TestEveryRefusal(t *testing.T) {
	for command, ask := range map[string]func(*pop3conn.Client) error{
		"STAT":    func(c *pop3conn.Client) error { _, _, err := c.Stat(ctx); return err },
		"LIST":    func(c *pop3conn.Client) error { _, err := c.ListAll(ctx); return err },
		"LIST 3":  func(c *pop3conn.Client) error { _, err := c.List(ctx, 3); return err },
		"UIDL":    func(c *pop3conn.Client) error { _, err := c.UIDLAll(ctx); return err },
		"UIDL 3":  func(c *pop3conn.Client) error { _, err := c.UIDL(ctx, 3); return err },
		"TOP 3 4": func(c *pop3conn.Client) error { _, err := c.Top(ctx, 3, 4); return err },
		"DELE 3":  func(c *pop3conn.Client) error { return c.Dele(ctx, 3) },
		"RSET":    func(c *pop3conn.Client) error { return c.Rset(ctx) },
		"NOOP":    noop,
	} {
		var e *pop3conn.Error
		c := mustBegin(t, answering(0, "-ERR no\r\n", "+OK\r\n"))
		if err := ask(c); !errors.As(err, &e) || e.Command != command || err.Error() != "pop3conn: "+command+": server refused: no" {
			t.Errorf("%s: %v", command, err)
		}
		if err := c.Noop(ctx); err != nil {
			t.Errorf("%s: then %v", command, err)
		}
	}
}

// TestHostileWords: whatever a server says is fit to be shown.
func TestHostileWords(t *testing.T) {
	words := "[\x1b[31m] \u202e" + strings.Repeat("x", 2000)
	c := mustBegin(t, play(t, with(hello("RESP-CODES"), "C: NOOP", "S: -ERR "+words)...))
	var e *pop3conn.Error
	if err := c.Noop(ctx); !errors.As(err, &e) {
		t.Fatal(err)
	}
	odd := func(r rune) bool { return !unicode.IsPrint(r) && r != unicode.ReplacementChar }
	for _, s := range []string{e.Error(), e.Code, e.Text} {
		if len(s) > 512 || strings.ContainsFunc(s, odd) {
			t.Errorf("%d bytes: %q", len(s), s)
		}
	}
}

// TestLost: a server that hangs up where a reply is due.
func TestLost(t *testing.T) {
	c := mustBegin(t, answering(0, ""))
	err := c.Noop(ctx)
	var left *dial.Farewell
	if !errors.Is(err, io.EOF) || !errors.As(err, &left) || err.Error() != "dial: pop3 localhost:110 no-tls: session: NOOP: server closed the connection" {
		t.Errorf("%v", err)
	}
	if c.Err() != err {
		t.Errorf("Err: %v", c.Err())
	}
}
