package pop3conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

func check[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, %v; want %v", what, got, err, want)
	}
}

func readAll(t *testing.T, r *pop3conn.Message, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("read: %v", err)
	}
	return string(b)
}

func TestCommands(t *testing.T) {
	c := mustBegin(t, play(t, with(hello("TOP", "uidl", "X-New  a b"),
		"C: STAT", "S: +OK 2 320",
		"C: LIST 2", "S: +OK 2 200 whatever",
		"C: LIST", "S: +OK", "S: 1 120", "S: 2 200", "S: .",
		"C: UIDL 1", "S: +OK 1 abc",
		"C: UIDL", "S: +OK", "S: 1 abc", "S: 2 abc", "S: .",
		"C: RETR 1", "S: +OK 120 octets", "S: a", "S: ..b", "S: .",
		"C: TOP 2 0", "S: +OK", "S: Subject: x", "S: ", "S: .",
		"C: DELE 1", "S: +OK",
		"C: RSET", "S: +OK",
		"C: NOOP", "S: +OK",
		"C: LIST", "S: +OK none", "S: .",
		"C: QUIT", "S: +OK bye", "CLOSE")...))
	check(t, "Capabilities", c.Capabilities(), nil, []string{"TOP", "UIDL", "X-NEW a b"})
	count, size, err := c.Stat(ctx)
	check(t, "Stat", [2]int64{int64(count), size}, err, [2]int64{2, 320})
	size, err = c.List(ctx, 2)
	check(t, "List", size, err, 200)
	list, err := c.ListAll(ctx)
	check(t, "ListAll", list, err, []pop3conn.Listing{{Msg: 1, Size: 120}, {Msg: 2, Size: 200}})
	id, err := c.UIDL(ctx, 1)
	check(t, "UIDL", id, err, "abc")
	ids, err := c.UIDLAll(ctx)
	check(t, "UIDLAll", ids, err, []pop3conn.Listing{{Msg: 1, ID: "abc", Size: -1}, {Msg: 2, ID: "abc", Size: -1}})
	r, err := c.Retr(ctx, 1)
	check(t, "Retr", readAll(t, r, err), nil, "a\r\n.b\r\n")
	r, err = c.Top(ctx, 2, 0)
	check(t, "Top", readAll(t, r, err), nil, "Subject: x\r\n\r\n")
	check(t, "Dele", 0, c.Dele(ctx, 1), 0)
	check(t, "Rset", 0, c.Rset(ctx), 0)
	check(t, "Noop", 0, c.Noop(ctx), 0)
	list, err = c.ListAll(ctx)
	check(t, "ListAll of nothing", len(list), err, 0)
	check(t, "Err", c.Err(), nil, nil)
	check(t, "Quit", 0, c.Quit(ctx), 0)
	if err := c.Err(); !errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "use of closed") {
		t.Errorf("Err after Quit: %v", err)
	}
}

// TestArguments: what is wrong before any I/O is an error, and the session
// goes on.
func TestArguments(t *testing.T) {
	c := mustBegin(t, play(t, with(old(), "C: NOOP", "S: +OK")...))
	for _, n := range []int{0, -1} {
		_, err1 := c.List(ctx, n)
		_, err2 := c.UIDL(ctx, n)
		_, err3 := c.Retr(ctx, n)
		_, err4 := c.Top(ctx, n, 1)
		for i, err := range []error{err1, err2, err3, err4, c.Dele(ctx, n)} {
			if err == nil {
				t.Errorf("command %d took message number %d", i, n)
			}
		}
	}
	if _, err := c.Top(ctx, 1, -1); err == nil {
		t.Error("Top took -1 lines")
	}
	if err := c.Noop(ctx); err != nil {
		t.Error(err)
	}
}

func TestConfigErrors(t *testing.T) {
	ctx := context.Background()
	good := dial.Endpoint{Protocol: policy.POP3, Host: "localhost", Policy: policy.ImplicitTLS}
	imap, unset := good, good
	imap.Protocol, unset.Policy = policy.IMAP, 0
	empty := password()
	empty.User = ""
	broken := password()
	broken.User = "a\r\nDELE 1"
	untouched := &pop3conn.Options{Dialer: &dial.Dialer{NetDialer: noDialer{t}}}
	var nothing context.Context
	for name, f := range map[string]func() error{
		"IMAP":  func() error { _, err := pop3conn.Dial(ctx, imap, untouched); return err },
		"unset": func() error { _, err := pop3conn.Dial(ctx, unset, untouched); return err },
		"user": func() error {
			_, err := pop3conn.Dial(ctx, good, &pop3conn.Options{Dialer: untouched.Dialer, Auth: empty})
			return err
		},
		"injection": func() error {
			_, err := pop3conn.Dial(ctx, good, &pop3conn.Options{Dialer: untouched.Dialer, Auth: broken})
			return err
		},
		"nil context": func() error { _, err := pop3conn.Dial(nothing, good, untouched); return err },
		"nil conn":    func() error { _, err := pop3conn.New(ctx, nil, nil); return err },
		"zero conn":   func() error { _, err := pop3conn.New(ctx, &dial.Conn{}, nil); return err },
	} {
		var e *dial.Error
		if err := f(); !errors.As(err, &e) || e.Phase != dial.PhaseConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNewOwns: New closes a connection that it does not take.
func TestNewOwns(t *testing.T) {
	raw := answering(0)
	conn, err := new(dial.Dialer).NewConn(context.Background(), raw, clear())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pop3conn.New(context.Background(), conn, &pop3conn.Options{Auth: auth.Password{}}); err == nil || !raw.closed {
		t.Errorf("%v, closed %v", err, raw.closed)
	}
}

type noDialer struct{ t *testing.T }

func (d noDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	d.t.Error("dialled")
	return nil, errors.New("no")
}

// TestViolations: what is not POP3 ends the session, and every later command
// says why.
func TestViolations(t *testing.T) {
	long := make([]byte, 1<<20)
	for i := range long {
		long[i] = 'x'
	}
	for name, tt := range map[string]struct {
		reply  string
		reason error
	}{
		"garbage":     {"hello\r\n", policy.ErrMalformed},
		"+OKAY":       {"+OKAY\r\n", policy.ErrMalformed},
		"tab":         {"+OK\tfine\r\n", policy.ErrMalformed},
		"bare LF":     {"+OK\n", policy.ErrMalformed},
		"bare CR":     {"+OK a\rb\r\n", policy.ErrMalformed},
		"NUL":         {"+OK \x00\r\n", policy.ErrMalformed},
		"challenge":   {"+ \r\n", policy.ErrMalformed},
		"endless":     {"+OK " + string(long), policy.ErrLimit},
		"9 KiB":       {"+OK " + string(long[:9<<10]) + "\r\n", policy.ErrLimit},
		"unsolicited": {"+OK\r\n+OK\r\n", policy.ErrInjected},
	} {
		conn := answering(0, tt.reply, "+OK\r\n", "+OK\r\n")
		c := mustBegin(t, conn)
		err := c.Noop(ctx)
		if err == nil && tt.reason == policy.ErrInjected {
			err = c.Noop(ctx)
		}
		var v *policy.Violation
		if !errors.As(err, &v) || !errors.Is(err, tt.reason) || v.Policy != policy.NoTLS || v.Protocol != policy.POP3 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(err.Error()) > 600 || !conn.closed {
			t.Errorf("%s: closed %v, error of %d bytes", name, conn.closed, len(err.Error()))
		}
		if again := c.Noop(ctx); again != err {
			t.Errorf("%s: then %v", name, again)
		}
	}
	c := mustBegin(t, answering(0, "+ok "+string(long[:600])+"\r\n", "-err no\r\n"))
	if err := c.Noop(ctx); err != nil {
		t.Errorf("600 bytes, lower case: %v", err)
	}
	var refused *pop3conn.Error
	if err := c.Noop(ctx); !errors.As(err, &refused) {
		t.Errorf("lower case -ERR: %v", err)
	}
}

func TestCapabilitiesAfterLogin(t *testing.T) {
	login := []string{"C: AUTH PLAIN " + b64("\x00user\x00"+canary), "S: +OK"}
	o := &pop3conn.Options{Auth: cleartext()}
	c, err := begin(play(t, with(with(hello("SASL PLAIN", "EXPIRE 0 USER"), login...),
		"C: CAPA", "S: +OK", "S: expire 30", "S: .",
		"C: NOOP", "S: +OK")...), o)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "Capabilities", c.Capabilities(), nil, []string{"SASL PLAIN", "EXPIRE 0 USER"})
	caps, err := c.Capa(ctx)
	for range 2 {
		check(t, "Capabilities", caps, err, []string{"EXPIRE 30"})
		caps[0] = "changed"
		caps = c.Capabilities()
	}
	check(t, "Noop", 0, c.Noop(ctx), 0)

	c, err = begin(play(t, with(with(hello("SASL PLAIN"), login...), "C: CAPA", "S: -ERR what")...), o)
	if err != nil {
		t.Fatal(err)
	}
	caps, err = c.Capa(ctx)
	check(t, "refused", len(caps), err, 0)

	c, err = begin(play(t, with(with(hello("SASL PLAIN"), login...), "C: CAPA", "S: -ERR [SYS/TEMP] no")...), o)
	if err != nil {
		t.Fatal(err)
	}
	var refused *pop3conn.Error
	if _, err = c.Capa(ctx); !errors.As(err, &refused) || len(c.Capabilities()) != 1 {
		t.Errorf("server in trouble: %v", err)
	}
}
