package imapconn_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// silence returns a session in a bubble with a server that reads a line, or what is left of
// a command that does not end, and says nothing.
func silence(t *testing.T) (*imapconn.Client, *bufio.Reader, net.Conn) {
	client, server := net.Pipe()
	go io.WriteString(server, "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
	return over(t, client, nil), bufio.NewReader(server), server
}

// The end of its context ends a wait for an answer at once, and the session goes on.
func TestCancelledWhileWaiting(t *testing.T) {
	for name, do := range map[string]func(ctx context.Context, c *imapconn.Client) error{
		"Do": func(ctx context.Context, c *imapconn.Client) error { _, err := c.Do(ctx, "XPING"); return err },
		"FetchEach": func(ctx context.Context, c *imapconn.Client) (err error) {
			for _, err = range c.FetchEach(ctx, imap.UIDSetNum(1), &imapconn.FetchOptions{NoBody: true}) {
			}
			return err
		},
		"AppendEach": func(ctx context.Context, c *imapconn.Client) (err error) {
			for _, err = range c.AppendEach(ctx, "INBOX", appends([]string{"x"})) {
			}
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _, server := silence(t)
			go io.Copy(io.Discard, server)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begin := time.Now()
			if err := do(ctx, c); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second || c.Err() != nil {
				t.Errorf("%s: %v after %v, and %v", name, err, time.Since(begin), c.Err())
			}
			c.Abort()
		})
	}
}

// The end of its context ends a command whose literal is being written, and the session.
func TestCancelledWhileWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := silence(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := c.Do(ctx, "XPUT", []byte(strings.Repeat("x", 1<<20)))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second || c.Err() == nil {
			t.Errorf("%v after %v, and %v", err, time.Since(begin), c.Err())
		}
	})
}

// A command is not sent while one of this package is under way.
func TestCommandsAreHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, lines, server := silence(t)
		go c.Do(t.Context(), "XPING")
		line, _ := lines.ReadString('\n')
		noop := make(chan error, 1)
		go func() { noop <- c.Noop().Wait() }()
		server.SetReadDeadline(time.Now().Add(time.Second))
		if early, err := lines.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("said %q beside %q, %v", early, line, err)
		}
		server.SetReadDeadline(time.Time{})
		for range 2 {
			tag, _, _ := strings.Cut(line, " ")
			io.WriteString(server, tag+" OK done\r\n")
			if tag[0] == 'M' {
				line, _ = lines.ReadString('\n')
			}
		}
		if err := <-noop; err != nil {
			t.Error(err)
		}
		c.Abort()
	})
}
