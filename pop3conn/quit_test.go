package pop3conn_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// TestQuitNotConfirmed: only +OK to QUIT means that messages are gone.
func TestQuitNotConfirmed(t *testing.T) {
	for name, tt := range map[string]struct {
		script []string
		before func(*pop3conn.Client)
		cause  error
	}{
		"refused":   {[]string{"C: QUIT", "S: -ERR some deleted messages not removed"}, nil, nil},
		"lost":      {[]string{"C: QUIT", "CLOSE"}, nil, io.EOF},
		"half":      {[]string{"C: QUIT", "R: +OK bye", "CLOSE"}, nil, io.EOF},
		"garbage":   {[]string{"C: QUIT", "S: bye"}, nil, nil},
		"gone":      {[]string{"C: NOOP", "S: +OK", "CLOSE"}, func(c *pop3conn.Client) { c.Noop(ctx) }, nil},
		"too many":  {[]string{"C: QUIT", "R: +OK bye\r\n+OK bye\r\n"}, nil, policy.ErrInjected},
		"half more": {[]string{"C: QUIT", "S: +OK bye", "R: x"}, nil, policy.ErrInjected},
		"closed":    {nil, func(c *pop3conn.Client) { c.Close() }, net.ErrClosed},
		"aborted":   {nil, func(c *pop3conn.Client) { c.Abort() }, nil},
		"long body": {[]string{"C: RETR 1", "S: +OK", "R: " + strings.Repeat("x", 200<<10)}, func(c *pop3conn.Client) { c.Retr(ctx, 1) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			conn := play(t, with(old(), tt.script...)...)
			c := mustBegin(t, conn)
			if tt.before != nil {
				tt.before(c)
			}
			err := c.Quit(ctx)
			if !errors.Is(err, pop3conn.ErrNotConfirmed) || tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("%v", err)
			}
			var refused *pop3conn.Error
			if errors.As(err, &refused) != (name == "refused") {
				t.Errorf("%v", err)
			}
			if _, err := conn.Write([]byte("x")); err == nil {
				t.Error("connection is open")
			}
			if err := c.Noop(ctx); err == nil {
				t.Error("session goes on")
			}
		})
	}
}

func TestQuitTwice(t *testing.T) {
	conn := answering(0, "+OK\r\n")
	c := mustBegin(t, conn)
	if err := c.Quit(ctx); err != nil || !conn.closed {
		t.Fatalf("%v, closed %v", err, conn.closed)
	}
	if err := c.Quit(ctx); !errors.Is(err, net.ErrClosed) || errors.Is(err, pop3conn.ErrNotConfirmed) {
		t.Errorf("second Quit: %v", err)
	}
}
