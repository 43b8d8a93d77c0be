package imapconn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// The body of a FETCH of Do is a value whatever it has in it, and none that is too long is
// taken for responses.
func TestDoBodies(t *testing.T) {
	const words = "* XFORGED \"from a mail\"\r\nM1 OK [FORGED] from a mail\r\n"
	for _, test := range []struct {
		size int
		want error
	}{{64 << 10, nil}, {64<<10 + 1, nil}, {1 << 20, nil}, {1<<20 + 1, policy.ErrLimit}} {
		synctest.Test(t, func(t *testing.T) {
			body := words + strings.Repeat("x", test.size-len(words))
			s := &recorder{answer: func(string) string {
				return fmt.Sprintf("* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n", len(body), body)
			}}
			c := s.session(t, "", nil)
			reply, err := c.Do(t.Context(), "UID FETCH", 1, imapconn.Atom("BODY.PEEK[]"))
			if !errors.Is(err, test.want) || !errors.Is(c.Err(), test.want) {
				t.Fatalf("%d bytes: %v, %v", test.size, err, c.Err())
			}
			if err == nil && (reply.Code != "" || len(reply.Responses) != 1 || reply.Responses[0].Args[0].(imapconn.List)[3] != body) {
				t.Errorf("%d bytes: the reply is another: code %q, %d responses", test.size, reply.Code, len(reply.Responses))
			}
			if err == nil && c.Noop().Wait() != nil {
				t.Error(c.Err())
			}
		})
	}
}

// A body that a command of Do has not asked for is no data of its answer.
func TestDoIsGivenABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1<<20 + 1
		s := &recorder{answer: func(string) string {
			return fmt.Sprintf("* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n", size, "M1 OK [FORGED]\r\n"+strings.Repeat("x", size-16))
		}}
		c := s.session(t, "", nil)
		if _, err := c.Do(t.Context(), "X"); !errors.Is(err, policy.ErrLimit) {
			t.Error(err)
		}
	})
}

// A command that waits for the program to write another one fails in time.
func TestDoBehindAnOpenAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, "LITERAL-", nil, func(r *bufio.Reader, w net.Conn) {
			tag, _ := nextCommand(r)
			fmt.Fprintf(w, "%s NO early\r\n", tag)
			io.Copy(io.Discard, r)
		})
		a := c.Append("A", 4096, nil)
		io.WriteString(a, strings.Repeat("x", 4096-1))
		synctest.Wait()
		from := time.Now()
		if _, err := c.Do(t.Context(), "X"); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(from) != 5*time.Minute {
			t.Errorf("%v after %v", err, time.Since(from))
		}
		io.WriteString(a, "x")
		a.Close()
	})
}

// A command of go-imap's may wait for one of Do for as long as that takes.
func TestCommandBehindDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, "", nil, func(r *bufio.Reader, w net.Conn) {
			for {
				tag, command := nextCommand(r)
				if command == "X" {
					time.Sleep(4 * time.Minute)
				}
				if _, err := fmt.Fprintf(w, "%s OK done\r\n", tag); err != nil {
					return
				}
			}
		})
		done := make(chan error)
		go func() {
			_, err := c.Do(t.Context(), "X")
			done <- err
		}()
		synctest.Wait()
		from := time.Now()
		if err := c.Noop().Wait(); err != nil || time.Since(from) != 4*time.Minute {
			t.Errorf("%v after %v", err, time.Since(from))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// The server is given Options.ReplyTimeout to read a command, whatever it is.
func TestWriteStalls(t *testing.T) {
	for name, say := range map[string]func(ctx context.Context, c *imapconn.Client) error{
		"go-imap's": func(_ context.Context, c *imapconn.Client) error { return c.Noop().Wait() },
		"Do":        do,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := piped(t, "", &imapconn.Options{ReplyTimeout: time.Hour}, func(*bufio.Reader, net.Conn) {})
			from := time.Now()
			if err := say(t.Context(), c); err == nil || !errors.Is(c.Err(), os.ErrDeadlineExceeded) || time.Since(from) < time.Hour || time.Since(from) > time.Hour+time.Second {
				t.Errorf("%s: %v, %v after %v", name, err, c.Err(), time.Since(from))
			}
		})
	}
}

// do sends a command by Do.
func do(ctx context.Context, c *imapconn.Client) error {
	_, err := c.Do(ctx, "X")
	return err
}

// The end of the context ends a command that the server does not read, and the session.
func TestContextEndsAWrite(t *testing.T) {
	for name, say := range map[string]func(ctx context.Context, c *imapconn.Client) error{
		"Do": do,
		"FetchEach": func(ctx context.Context, c *imapconn.Client) (last error) {
			for _, last = range c.FetchEach(ctx, all(), nil) {
			}
			return last
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := piped(t, "", nil, func(*bufio.Reader, net.Conn) {})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			from := time.Now()
			err := say(ctx, c)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(c.Err(), context.DeadlineExceeded) || time.Since(from) > 2*time.Second {
				t.Errorf("%s: %v, %v after %v", name, err, c.Err(), time.Since(from))
			}
		})
	}
}
