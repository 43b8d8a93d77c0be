package pop3conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// strays are replies that answer nothing, each whole but the last.
var strays = []string{"+OK\r\n", "+OK 2 320\r\n", "-ERR no\r\n", "+OK\r\n1 a\r\n.\r\n", "what\r\n", "+O"}

// TestStray: a reply that is there before a command is written ends the session,
// whatever the command, the reply and the segment in which it came. No call succeeds,
// and nothing is sent any more.
func TestStray(t *testing.T) {
	count := 0
	for name, tt := range calls() {
		for _, stray := range strays {
			for _, late := range []time.Duration{0, time.Nanosecond, time.Millisecond, 50 * time.Millisecond, 200 * time.Millisecond} {
				for _, caps := range []string{"PIPELINING\r\n", ""} {
					synctest.Test(t, func(t *testing.T) {
						count++
						strayBefore(t, fmt.Sprintf("%s %q %v late", name, stray, late), tt.do, stray, caps, late)
					})
				}
			}
		}
	}
	t.Logf("%d cases", count)
}

// strayBefore has a server say something behind its answer to NOOP, which the client
// meets with its next call, that much later.
func strayBefore(t *testing.T, what string, do call, stray, caps string, late time.Duration) {
	client, server := net.Pipe()
	sent := make(chan string, 1)
	go func() {
		defer server.Close()
		io.WriteString(server, "+OK\r\n")
		bytewise(server) // CAPA
		io.WriteString(server, "+OK\r\n"+caps+".\r\n")
		bytewise(server) // NOOP
		if late == 0 {
			io.WriteString(server, "+OK\r\n"+stray)
		} else {
			io.WriteString(server, "+OK\r\n")
			time.Sleep(late)
			io.WriteString(server, stray)
		}
		rest, _ := io.ReadAll(server)
		sent <- string(rest)
	}()
	c := mustBegin(t, client)
	if err := noop(c); err != nil {
		t.Fatal(err)
	}
	time.Sleep(late)
	synctest.Wait()
	err := do(ctx, c)
	var broken *policy.Violation
	var where *dial.Error
	if !errors.As(err, &broken) || broken.Reason != policy.ErrInjected || broken.Reply == "" || !errors.As(err, &where) || where.Phase != dial.PhaseSession {
		t.Errorf("%s: %v", what, err)
	}
	if again := noop(c); again == nil || again != c.Err() {
		t.Errorf("%s: then %v", what, again)
	}
	if rest := <-sent; rest != "" {
		t.Errorf("%s: the client sent %q", what, rest)
	}
}

// TestStrayBehindMessage: the same after a message and a list, inside a loop with one
// command at a time, and at the end of one with many.
func TestStrayBehindMessage(t *testing.T) {
	retr := func(c *pop3conn.Client) error { return whole(c.Retr(ctx, 1)) }
	list := func(c *pop3conn.Client) error { _, err := c.UIDLAll(ctx); return err }
	each := func(c *pop3conn.Client) error { return lastOf(ctx, c) }
	for name, tt := range map[string]struct {
		o      pop3conn.Options
		script []string
		do     func(*pop3conn.Client) error
		fails  bool // else the call after it does
	}{
		"message":    {pop3conn.Options{}, []string{"C: RETR 1", "R: +OK\r\na\r\n.\r\n", "R: +OK\r\n"}, retr, false},
		"list":       {pop3conn.Options{}, []string{"C: UIDL", "R: +OK\r\n1 a\r\n.\r\n", "R: +OK\r\n"}, list, false},
		"one by one": {pop3conn.Options{NoPipelining: true}, []string{"C: RETR 1", "R: +OK\r\na\r\n.\r\n", "R: +OK\r\n"}, each, true},
		"many":       {pop3conn.Options{}, []string{"C: RETR 1", "C: RETR 2", "C: RETR 3", "R: +OK\r\na\r\n.\r\n+OK\r\nb\r\n.\r\n+OK\r\nc\r\n.\r\n", "R: +OK\r\n"}, each, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go func() {
				run(server, with(hello("PIPELINING"), tt.script...))
				server.Close()
			}()
			c, err := begin(client, &tt.o)
			if err != nil {
				t.Fatal(err)
			}
			err = tt.do(c)
			if tt.fails != errors.Is(err, policy.ErrInjected) {
				t.Errorf("%s: %v", name, err)
			}
			synctest.Wait()
			if err := noop(c); !errors.Is(err, policy.ErrInjected) {
				t.Errorf("%s: then %v", name, err)
			}
			client.Close()
		})
	}
}

// TestStrayBehindCommand: a reply too many that comes when its command was written
// cannot be told from the right one. It shows at QUIT, after which the server closes
// the connection: that is no success, whenever the last reply comes.
func TestStrayBehindCommand(t *testing.T) {
	for _, late := range []time.Duration{0, time.Millisecond, 50 * time.Millisecond, 200 * time.Millisecond, 4 * time.Second} {
		for _, last := range []string{"-ERR [SYS/TEMP] message 1 not removed", "+OK bye"} {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				go func() {
					defer server.Close()
					io.WriteString(server, "+OK\r\n")
					bytewise(server)
					io.WriteString(server, "-ERR\r\n")
					bytewise(server) // DELE 1
					io.WriteString(server, "+OK stray\r\n")
					bytewise(server) // QUIT, sent in the belief that DELE was answered
					io.WriteString(server, "+OK deleted\r\n")
					time.Sleep(late)
					io.WriteString(server, last+"\r\n")
				}()
				c := mustBegin(t, client)
				if err := c.Dele(ctx, 1); err != nil {
					t.Fatal(err)
				}
				err := c.Quit(ctx)
				if !errors.Is(err, pop3conn.ErrNotConfirmed) || !errors.Is(err, policy.ErrInjected) || !strings.Contains(err.Error(), strings.Fields(last)[0]) {
					t.Errorf("%v late: %v", late, err)
				}
			})
		}
	}
}

// TestQuitWaits: a server that does not close the connection costs Quit 5 seconds, and
// one that resets it, or sends a close_notify, nothing; each has confirmed. The context
// bounds the wait as well.
func TestQuitWaits(t *testing.T) {
	for _, limit := range []time.Duration{0, -1, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go run(server, with(old(), "C: QUIT", "S: +OK bye"))
			c, err := begin(client, &pop3conn.Options{ReplyTimeout: limit})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := c.Quit(ctx); err != nil || time.Since(start).Truncate(time.Second) != 5*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go run(server, with(old(), "C: QUIT", "S: +OK bye"))
		c := mustBegin(t, client)
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		start := time.Now()
		if err := c.Quit(ctx); !errors.Is(err, pop3conn.ErrNotConfirmed) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// TestFarewell: a -ERR that comes unasked before the end of the connection is what the
// server says at parting, as when it has waited too long.
func TestFarewell(t *testing.T) {
	for _, tt := range []struct {
		script []string
		reply  string
		broken bool
	}{
		{[]string{"S: -ERR Disconnected for inactivity.", "CLOSE"}, "-ERR Disconnected for inactivity.", false},
		{[]string{"S: -err [IN-USE] \x1b[31mbye", "CLOSE"}, "-err [IN-USE] \ufffd[31mbye", false},
		{[]string{"CLOSE"}, "", false},
		{[]string{"S: -ERR Disconnected for inactivity."}, "", true}, // and stays
		{[]string{"S: +OK bye", "CLOSE"}, "", true},
		{[]string{"R: -ERR one\r\n-ERR two\r\n", "CLOSE"}, "", true},
		{[]string{"R: -ERR half", "CLOSE"}, "", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go func() {
				run(server, with(old(), with([]string{"C: NOOP", "S: +OK"}, tt.script...)...))
				server.Close()
			}()
			c := mustBegin(t, client)
			if err := noop(c); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			_, err := c.Index(ctx)
			var left *dial.Farewell
			var ended *dial.Error
			switch {
			case !errors.As(err, &ended) || ended.Phase != dial.PhaseSession || c.Err() != err:
				t.Errorf("%q: %v", tt.script, err)
			case tt.broken != errors.Is(err, policy.ErrInjected) || tt.broken == errors.As(err, &left):
				t.Errorf("%q: %v", tt.script, err)
			case left != nil && (left.Reply != tt.reply || !errors.Is(err, io.EOF) || !ended.Temporary() || ended.Hint() == ""):
				t.Errorf("%q: %q, %q", tt.script, left.Reply, ended.Hint())
			}
			client.Close()
		})
	}
}
