package pop3conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/pop3conn"
)

// TestReplyTimeout: a server that stops speaking, wherever it does, or that
// drips where a line is due, ends what waits for it.
func TestReplyTimeout(t *testing.T) {
	read := func(c *pop3conn.Client) error {
		r, err := c.Retr(ctx, 1)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		return err
	}
	leave := func(c *pop3conn.Client) error {
		r, err := c.Retr(ctx, 1)
		if err == nil {
			err = r.Close()
		}
		return err
	}
	list := func(c *pop3conn.Client) error { _, err := c.ListAll(ctx); return err }
	capa := "+OK\r\n"
	for name, tt := range map[string]struct {
		reply string
		drip  bool
		ask   func(*pop3conn.Client) error
	}{
		"no reply":     {"", false, noop},
		"half a line":  {"+O", false, noop},
		"half a list":  {capa + "1 1\r\n", false, list},
		"half message": {"+OK\r\nabc", false, read},
		"before dot":   {"+OK\r\nabc\r\n", false, read},
		"inside dot":   {"+OK\r\nabc\r\n.", false, read},
		"unread":       {"+OK\r\nabc\r\n", false, leave},
		"drip":         {"+OK" + strings.Repeat(" ", 4<<10), true, noop},
		"drip unread":  {"+OK\r\n" + strings.Repeat("x", 4<<10), true, leave},
		"QUIT":         {"", false, quit},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const limit = time.Minute
				client, server := net.Pipe()
				done := make(chan struct{})
				go func() {
					mute(server, tt.reply, tt.drip)
					close(done)
				}()
				c, err := begin(client, &pop3conn.Options{ReplyTimeout: limit})
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour) // a session may be idle for as long as it likes
				start := time.Now()
				err = tt.ask(c)
				took := time.Since(start)
				if !errors.Is(err, os.ErrDeadlineExceeded) || took < limit || took > 2*limit {
					t.Errorf("after %v: %v", took, err)
				}
				if !errors.Is(c.Err(), os.ErrDeadlineExceeded) {
					t.Errorf("Err: %v", c.Err())
				}
				if _, err := client.Write([]byte("x")); err == nil {
					t.Error("connection is open")
				}
				<-done
			})
		})
	}
}

// mute is a server that says its last words to the first command and then
// stays, listening.
func mute(conn net.Conn, words string, drip bool) {
	heard := make([]byte, 100)
	io.WriteString(conn, "+OK\r\n")
	conn.Read(heard)
	io.WriteString(conn, "-ERR\r\n")
	conn.Read(heard)
	if !drip {
		io.WriteString(conn, words)
		words = ""
	}
	for i := range len(words) {
		if _, err := io.WriteString(conn, words[i:i+1]); err != nil {
			break
		}
		if i > len("+OK\r\n") {
			time.Sleep(time.Second)
		}
	}
	io.Copy(io.Discard, conn)
}

// TestStalledWrite: a server that does not even take a command.
func TestStalledWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer server.Close()
		go func() {
			io.WriteString(server, "+OK\r\n")
			server.Read(make([]byte, len("CAPA\r\n")))
			io.WriteString(server, "-ERR\r\n")
		}()
		c, err := begin(client, &pop3conn.Options{ReplyTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := c.Noop(ctx); err == nil || time.Since(start).Truncate(time.Second) > time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// TestBudget: dialling and logging in share one time.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			time.Sleep(6 * time.Second)
			io.WriteString(server, "+OK\r\n")
			io.Copy(io.Discard, server)
		}()
		d := &dial.Dialer{NetDialer: brought{client}, Timeout: 10 * time.Second}
		start := time.Now()
		_, err := pop3conn.Dial(context.Background(), clear(), &pop3conn.Options{Dialer: d})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// TestSlowReader: time that the caller takes is not the server's.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := begin(play(t, with(old(), "C: RETR 1", "R: +OK\r\na", "R: b", "S: ", "S: .", "C: NOOP", "S: +OK")...), &pop3conn.Options{ReplyTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Retr(ctx, 1)
		for err == nil {
			time.Sleep(time.Minute)
			_, err = r.Read(make([]byte, 1))
		}
		if err != io.EOF {
			t.Error(err)
		}
		if err := c.Noop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestNoLimit: negative means none, and zero 5 minutes.
func TestNoLimit(t *testing.T) {
	for _, tt := range []struct{ limit, want time.Duration }{{-1, 0}, {0, 5 * time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go mute(server, "", false)
			d := &dial.Dialer{NetDialer: brought{client}}
			c, err := pop3conn.Dial(context.Background(), clear(), &pop3conn.Options{ReplyTimeout: tt.limit, Dialer: d})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			time.AfterFunc(time.Hour, func() { c.Abort() })
			err = c.Noop(ctx)
			want := tt.want
			if want == 0 {
				want = time.Hour
			}
			if took := time.Since(start).Truncate(time.Second); took != want || err == nil {
				t.Errorf("%v: after %v: %v", tt.limit, took, err)
			}
			server.Close()
		})
	}
}

type brought struct{ conn net.Conn }

func (b brought) DialContext(context.Context, string, string) (net.Conn, error) { return b.conn, nil }
