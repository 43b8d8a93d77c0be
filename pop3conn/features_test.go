package pop3conn_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/pop3conn"
)

func TestFeatures(t *testing.T) {
	for _, tt := range []struct {
		caps []string
		want pop3conn.Features
	}{
		{nil, pop3conn.Features{}},
		{[]string{"TOP", "user", "Uidl", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "STLS", "LANG", "X-OTHER y"},
			pop3conn.Features{TOP: true, USER: true, UIDL: true, Pipelining: true, RespCodes: true, AuthRespCode: true, STLS: true, Lang: true}},
		{[]string{"SASL PLAIN  SCRAM-SHA-256", "UTF8 user", "IMPLEMENTATION Shlemazle-\x1b[31m Plotz"},
			pop3conn.Features{SASL: []string{"PLAIN", "SCRAM-SHA-256"}, UTF8: true, UTF8User: true, Implementation: "Shlemazle-\ufffd[31m Plotz"}},
		{[]string{"LOGIN-DELAY 900", "EXPIRE 60"},
			pop3conn.Features{LoginDelay: pop3conn.Delay{Listed: true, Minimum: 15 * time.Minute}, Expire: pop3conn.Expire{Listed: true, Days: 60}}},
		{[]string{"LOGIN-DELAY 5 USER", "EXPIRE NEVER USER"},
			pop3conn.Features{LoginDelay: pop3conn.Delay{Listed: true, Minimum: 5 * time.Second, PerUser: true}, Expire: pop3conn.Expire{Listed: true, Never: true, PerUser: true}}},
		{[]string{"EXPIRE 0"}, pop3conn.Features{Expire: pop3conn.Expire{Listed: true}}},
		{[]string{"LOGIN-DELAY", "EXPIRE"}, pop3conn.Features{}},
		{[]string{"LOGIN-DELAY -1", "EXPIRE -1"}, pop3conn.Features{}},
		{[]string{"LOGIN-DELAY 99999999999", "EXPIRE 99999999999"}, pop3conn.Features{}},
	} {
		script := hello(tt.caps...)
		if tt.caps == nil {
			script = old()
		}
		got := mustBegin(t, play(t, script...)).Features()
		if len(got.SASL) == 0 {
			got.SASL = nil
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %+v", tt.caps, got)
		}
	}
}

// TestDeleted: what DELE has marked is not named any more, until RSET.
func TestDeleted(t *testing.T) {
	c := mustBegin(t, play(t, with(old(),
		"C: DELE 2", "S: +OK",
		"C: DELE 3", "S: -ERR no",
		"C: RETR 3", "S: +OK", "S: .",
		"C: RSET", "S: -ERR no",
		"C: RSET", "S: +OK",
		"C: LIST 2", "S: +OK 2 5")...))
	check(t, "Dele", 0, c.Dele(ctx, 2), 0)
	if c.Dele(ctx, 3) == nil {
		t.Error("DELE 3 was not refused")
	}
	r, err := c.Retr(ctx, 3)
	check(t, "RETR 3", readAll(t, r, err), nil, "")
	if c.Rset(ctx) == nil { // which then brings nothing back
		t.Error("RSET was not refused")
	}
	_, err1 := c.Retr(ctx, 2)
	_, err2 := c.Top(ctx, 2, 0)
	_, err3 := c.List(ctx, 2)
	_, err4 := c.UIDL(ctx, 2)
	for i, err := range []error{err1, err2, err3, err4, c.Dele(ctx, 2)} {
		if !errors.Is(err, pop3conn.ErrDeleted) {
			t.Errorf("command %d: %v", i, err)
		}
	}
	check(t, "Rset", 0, c.Rset(ctx), 0)
	size, err := c.List(ctx, 2)
	check(t, "LIST 2", size, err, 5)
}

func TestLang(t *testing.T) {
	c := mustBegin(t, play(t, with(old(),
		"C: LANG", "S: +OK", "S: de Deutsch\x07", "S: en", "S: .",
		"C: LANG de", "S: +OK de Sprache ge\u00e4ndert",
		"C: LANG *", "S: +OK en",
		"C: RETR 1", "S: -ERR [SYS/TEMP] sp\u00e4ter")...))
	list, err := c.Languages(ctx)
	check(t, "Languages", list, err, []pop3conn.Language{{Tag: "de", Description: "Deutsch\ufffd"}, {Tag: "en"}})
	check(t, "Lang", 0, c.Lang(ctx, "de"), 0)
	check(t, "Lang", 0, c.Lang(ctx, "*"), 0)
	for _, bad := range []string{"", "de\r\nDELE 1", "d e", "*x", strings.Repeat("x", 65)} {
		if c.Lang(ctx, bad) == nil {
			t.Errorf("%q was sent", bad)
		}
	}
	_, err = c.Retr(ctx, 1)
	var refused *pop3conn.Error
	if !errors.As(err, &refused) || !refused.Temporary() || refused.Text != "sp\u00e4ter" {
		t.Errorf("%v", err)
	}
}

// TestUTF8: the command comes before the login, if it is listed and asked for.
func TestUTF8(t *testing.T) {
	login := []string{"C: USER user", "S: +OK", "C: PASS " + canary, "S: +OK"}
	for name, tt := range map[string]struct {
		script []string
		ask    bool
		want   bool
	}{
		"listed":     {append(hello("USER", "UTF8"), "C: UTF8", "S: +OK"), true, true},
		"refused":    {append(hello("USER", "UTF8 USER"), "C: UTF8", "S: -ERR"), true, false},
		"not listed": {hello("USER"), true, false},
		"not asked":  {hello("USER", "UTF8"), false, false},
	} {
		o := &pop3conn.Options{Auth: cleartext(), UTF8: tt.ask}
		c, err := begin(play(t, append(tt.script, login...)...), o)
		if err != nil || c.UTF8() != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLoginDelay: a login that came too soon says when to come back, if the
// server lists it.
func TestLoginDelay(t *testing.T) {
	for _, caps := range [][]string{{"USER", "LOGIN-DELAY 60"}, {"USER"}} {
		_, err := begin(play(t, append(hello(caps...), "C: USER user", "S: +OK", "C: PASS "+canary, "S: -ERR [LOGIN-DELAY] too soon")...),
			&pop3conn.Options{Auth: cleartext()})
		var soon *pop3conn.LoginDelayError
		var refused *auth.Error
		var where *dial.Error
		if !errors.As(err, &soon) || !errors.As(err, &refused) || !errors.As(err, &where) || !where.Temporary() {
			t.Errorf("%v", err)
		} else if known := len(caps) == 2; soon.RetryAfter > 0 != known || strings.Contains(err.Error(), "1m0s") != known {
			t.Errorf("%v: %v", soon.RetryAfter, err)
		}
	}
	_, err := begin(play(t, append(hello("USER"), "C: USER user", "S: +OK", "C: PASS "+canary, "S: -ERR [AUTH] no")...),
		&pop3conn.Options{Auth: cleartext()})
	var soon *pop3conn.LoginDelayError
	if errors.As(err, &soon) {
		t.Errorf("%v", err)
	}
}
