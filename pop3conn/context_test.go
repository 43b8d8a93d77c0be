package pop3conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/pop3conn"
)

type call func(context.Context, *pop3conn.Client) error

// whole reads a message to its end.
func whole(m *pop3conn.Message, err error) error {
	if err == nil {
		_, err = io.Copy(io.Discard, m)
	}
	return err
}

// lastOf is the last error of a loop.
func lastOf(ctx context.Context, c *pop3conn.Client) (last error) {
	for m, err := range c.RetrEach(ctx, listings(3)) {
		last = whole(m, err)
	}
	return last
}

// calls are all methods that wait for a server. Half is the beginning of a reply to
// the command, and empty for those whose reply has one line.
func calls() map[string]struct {
	do   call
	half string
} {
	return map[string]struct {
		do   call
		half string
	}{
		"Stat":      {func(ctx context.Context, c *pop3conn.Client) error { _, _, err := c.Stat(ctx); return err }, "+OK 1"},
		"List":      {func(ctx context.Context, c *pop3conn.Client) error { _, err := c.List(ctx, 1); return err }, "+OK 1"},
		"UIDL":      {func(ctx context.Context, c *pop3conn.Client) error { _, err := c.UIDL(ctx, 1); return err }, "+OK 1"},
		"ListAll":   {func(ctx context.Context, c *pop3conn.Client) error { _, err := c.ListAll(ctx); return err }, "+OK\r\n1 1\r\n"},
		"UIDLAll":   {func(ctx context.Context, c *pop3conn.Client) error { _, err := c.UIDLAll(ctx); return err }, "+OK\r\n1 a\r\n"},
		"Index":     {func(ctx context.Context, c *pop3conn.Client) error { _, err := c.Index(ctx); return err }, "+OK\r\n1 1\r\n"},
		"Capa":      {func(ctx context.Context, c *pop3conn.Client) error { _, err := c.Capa(ctx); return err }, "+OK\r\nTOP\r\n"},
		"Languages": {func(ctx context.Context, c *pop3conn.Client) error { _, err := c.Languages(ctx); return err }, "+OK\r\nde\r\n"},
		"Retr":      {func(ctx context.Context, c *pop3conn.Client) error { return whole(c.Retr(ctx, 1)) }, "+OK\r\nabc\r\n"},
		"Top":       {func(ctx context.Context, c *pop3conn.Client) error { return whole(c.Top(ctx, 1, 2)) }, "+OK\r\nabc\r\n."},
		"Dele":      {func(ctx context.Context, c *pop3conn.Client) error { return c.Dele(ctx, 1) }, "+"},
		"Rset":      {func(ctx context.Context, c *pop3conn.Client) error { return c.Rset(ctx) }, "+OK"},
		"Noop":      {func(ctx context.Context, c *pop3conn.Client) error { return c.Noop(ctx) }, "+OK\r"},
		"Lang":      {func(ctx context.Context, c *pop3conn.Client) error { return c.Lang(ctx, "de") }, "+OK"},
		"Quit":      {func(ctx context.Context, c *pop3conn.Client) error { return c.Quit(ctx) }, "+OK"},
		"RetrEach":  {lastOf, "+OK\r\n"},
		"TopEach": {func(ctx context.Context, c *pop3conn.Client) (last error) {
			for m, err := range c.TopEach(ctx, listings(1), 0) {
				last = whole(m, err)
			}
			return last
		}, "+OK\r\nabc"},
		"DeleEach": {func(ctx context.Context, c *pop3conn.Client) error {
			_, err := c.DeleEach(ctx, listings(2))
			return err
		}, "+OK\r\n+OK"},
	}
}

// TestContextFirst: a method of a Client has a context, as its first argument, or it
// does not wait, and all that have one are in calls.
func TestContextFirst(t *testing.T) {
	ready := map[string]bool{"Abort": true, "Close": true, "Err": true, "Security": true, "Capabilities": true, "Features": true, "UTF8": true}
	client := reflect.TypeFor[*pop3conn.Client]()
	for i := range client.NumMethod() {
		m := client.Method(i)
		first := m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]()
		_, listed := calls()[m.Name]
		if first == ready[m.Name] || first != listed {
			t.Errorf("%s: a context first %v, in the list %v", m.Name, first, listed)
		}
	}
}

// TestCutOff ends the context of each call, before any of the reply came and in the
// middle of it, by cancellation and by its deadline. The call returns at once, and the
// session is over.
func TestCutOff(t *testing.T) {
	for name, tt := range calls() {
		for _, half := range []string{"", tt.half} {
			for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { cutOff(t, tt.do, half, want) })
				})
			}
		}
	}
}

func cutOff(t *testing.T, do call, half string, want error) {
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(server, with(hello("PIPELINING"), "ANY", "R: "+half))
	}()
	c := mustBegin(t, client)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if want == context.Canceled {
		time.AfterFunc(time.Second, cancel)
	}
	start := time.Now()
	err := do(ctx, c)
	took := time.Since(start)
	if !errors.Is(err, want) || took != time.Second && took != time.Minute {
		t.Errorf("%q: after %v: %v", half, took, err)
	}
	var ended *dial.Error
	if !errors.As(c.Err(), &ended) || ended.Phase != dial.PhaseSession || !errors.Is(c.Err(), want) {
		t.Errorf("Err: %v", c.Err())
	}
	if timeout := want == context.DeadlineExceeded; ended.Timeout() != timeout {
		t.Errorf("Timeout() is %v", !timeout)
	}
	if again := noop(c); again != c.Err() {
		t.Errorf("then: %v", again)
	}
	<-done // the connection is closed
}

// TestNoContext: a context that has ended, or is missing, is an error before any I/O,
// and the session goes on. Quit alone closes it in any case.
func TestNoContext(t *testing.T) {
	ended, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("the user went away")
	cancel(cause)
	var none context.Context
	for name, tt := range calls() {
		for _, bad := range []context.Context{ended, none} {
			script := with(hello("PIPELINING"), "C: NOOP", "S: +OK")
			if name == "Quit" {
				script = hello("PIPELINING")
			}
			c := mustBegin(t, play(t, script...))
			err := tt.do(bad, c)
			if err == nil || bad != nil && (!errors.Is(err, context.Canceled) || !errors.Is(err, cause)) {
				t.Errorf("%s: %v", name, err)
			}
			if quit := name == "Quit"; (noop(c) != nil) != quit || errors.Is(err, pop3conn.ErrNotConfirmed) != quit {
				t.Errorf("%s: then %v", name, c.Err())
			}
		}
	}
}

// TestContextOfMessage: the context of Retr bounds the reading, and no longer than to
// the message's end; it is nothing to the calls behind.
func TestContextOfMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustBegin(t, play(t, with(old(), "C: RETR 1", "S: +OK", "S: a", "S: .", "C: RETR 2", "S: +OK", "S: b", "S: .", "C: RETR 3", "S: +OK", "R: c")...))
		for msg, read := range []func(*pop3conn.Message) error{
			func(m *pop3conn.Message) error { return whole(m, nil) },
			func(m *pop3conn.Message) error { return m.Close() },
		} {
			ctx, cancel := context.WithCancel(context.Background())
			m, err := c.Retr(ctx, msg+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := read(m); err != nil {
				t.Error(err)
			}
			cancel()
			synctest.Wait()
			if c.Err() != nil {
				t.Fatal(c.Err())
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		m, err := c.Retr(ctx, 3)
		if err != nil {
			t.Fatal(err)
		}
		m.Read(make([]byte, 1))
		time.AfterFunc(time.Minute, cancel)
		if _, err := m.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) || m.Complete() || noop(c) == nil {
			t.Errorf("%v, complete %v", err, m.Complete())
		}
	})
}

// TestContextOfOvertaken: the context of a message that was left has no effect on the
// call that overtakes it, whose own context bounds the reading past it.
func TestContextOfOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go run(server, with(old(), "C: RETR 1", "S: +OK", "R: a"))
		c := mustBegin(t, client)
		left, cancelLeft := context.WithCancel(context.Background())
		if _, err := c.Retr(left, 1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		time.AfterFunc(time.Second, cancelLeft)
		start := time.Now()
		if err := c.Noop(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		server.Close()
	})
}

// TestContextInLoop: a context that ends inside the loop ends it there, whatever is
// read already.
func TestContextInLoop(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		box := &mailbox{caps: pipelining, letters: letters(20, 10)}
		_, c := dialFar(t, box, o)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		read := 0
		var last error
		for m, err := range c.RetrEach(ctx, listings(20)) {
			if last = whole(m, err); last == nil {
				read++
			}
			if m.Msg == 5 {
				cancel()
				synctest.Wait()
			}
		}
		if read != 5 || !errors.Is(last, context.Canceled) || c.Err() != last {
			t.Errorf("%d messages, then %v", read, last)
		}
	})
}
