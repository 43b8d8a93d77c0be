package dial_test

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

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// pop3Over returns a connection whose server is greeted over conn.
func pop3Over(t *testing.T, d *dial.Dialer, conn, server net.Conn) *dial.Conn {
	t.Helper()
	go io.WriteString(server, "+OK ready\r\n")
	c, err := d.NewConn(context.Background(), conn, dial.Endpoint{Protocol: policy.POP3, Host: "h", Policy: policy.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// On a connection that is no socket a read for what has arrived takes a millisecond at
// most, and leaves the deadline that was set as it was.
func TestReadNowOverPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer server.Close()
		var words strings.Builder
		c := pop3Over(t, &dial.Dialer{Transcript: &words}, client, server)
		defer c.Close()
		p := make([]byte, 10)
		const limit = time.Minute
		start := time.Now()
		c.SetReadDeadline(start.Add(limit))
		if n, err := c.ReadNow(p); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) > time.Millisecond {
			t.Errorf("nothing: %d, %v after %v", n, err, time.Since(start))
		}
		if _, err := c.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != limit {
			t.Errorf("the deadline came after %v: %v", time.Since(start), err)
		}
		c.SetDeadline(time.Time{})
		go io.WriteString(server, "+OK x\r\n")
		synctest.Wait()
		start = time.Now()
		if n, err := c.ReadNow(p); string(p[:n]) != "+OK x\r\n" || err != nil || time.Since(start) > 0 {
			t.Errorf("%q, %v", p[:n], err)
		}
		server.Close()
		if n, err := c.ReadNow(p); n != 0 || err != io.EOF {
			t.Errorf("the end: %d, %v", n, err)
		}
		c.Abort()
		if !strings.Contains(words.String(), "+OK x") {
			t.Errorf("not in the transcript:\n%s", words.String())
		}
	})
}

// timeless is a connection without deadlines.
type timeless struct{ net.Conn }

func (timeless) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }

// What cannot be read without waiting is not read, and what is there is not lost.
func TestReadNowWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer server.Close()
		c := pop3Over(t, new(dial.Dialer), timeless{client}, server)
		go io.WriteString(server, "+OK x\r\n")
		synctest.Wait()
		if n, err := c.ReadNow(make([]byte, 10)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d, %v", n, err)
		}
		if line, err := bufio.NewReader(c).ReadString('\n'); line != "+OK x\r\n" {
			t.Errorf("%q, %v", line, err)
		}
	})
}

// What the upgrade has read and left to the session has arrived, too.
func TestReadNowUnread(t *testing.T) {
	if n, err := new(dial.Conn).ReadNow(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the zero Conn: %d, %v", n, err)
	}
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer server.Close()
		go io.WriteString(server, "* OK ready\r\n* CAPABILITY IMAP4rev1\r\n")
		c, err := new(dial.Dialer).NewConn(context.Background(), client, dial.Endpoint{Protocol: policy.IMAP, Host: "h", Policy: policy.NoTLS})
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for p := make([]byte, 10); ; {
			n, err := c.ReadNow(p)
			got.Write(p[:n])
			if err != nil {
				break
			}
		}
		if got.String() != "* CAPABILITY IMAP4rev1\r\n" {
			t.Errorf("%q", got.String())
		}
	})
}
