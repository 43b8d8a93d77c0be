package dial_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
)

// What the upgrade has read and left to the session has arrived. Of what comes later a
// connection that is no socket cannot tell, and none of it is lost.
func TestReadNowUnread(t *testing.T) {
	if n, err := new(dial.Conn).ReadNow(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the zero Conn: %d, %v", n, err)
	}
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go io.WriteString(server, "* OK ready\r\n* CAPABILITY IMAP4rev1\r\n")
		c, err := new(dial.Dialer).NewConn(context.Background(), client, dial.Endpoint{Protocol: policy.IMAP, Host: "h", Policy: policy.NoTLS})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := readNow(c); got != "* CAPABILITY IMAP4rev1\r\n" || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%q, %v", got, err)
		}
		go func() { io.WriteString(server, "later"); server.Close() }()
		synctest.Wait()
		if got, err := readNow(c); got != "" || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%q, %v", got, err)
		}
		if rest, _ := io.ReadAll(c); string(rest) != "later" {
			t.Errorf("%q", rest)
		}
	})
}

// readNow reads what has arrived, until that is nothing.
func readNow(c *dial.Conn) (string, error) {
	var got strings.Builder
	for p := make([]byte, 10); ; {
		n, err := c.ReadNow(p)
		if got.Write(p[:n]); err != nil {
			return got.String(), err
		}
	}
}

// What is read without waiting is in the transcript.
func TestReadNowTranscript(t *testing.T) {
	raw, server := sockettest.Pair(t, "tcp")
	said := make(chan struct{})
	go func() {
		io.WriteString(server, "+OK ready\r\n")
		<-said
		io.WriteString(server, "-ERR bye\r\n")
		server.Close()
	}()
	defer raw.Close()
	var words strings.Builder
	d := &dial.Dialer{Transcript: &words}
	c, err := d.NewConn(context.Background(), raw, dial.Endpoint{Protocol: policy.POP3, Host: "h", Policy: policy.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readNow(c); got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q, %v", got, err)
	}
	close(said)
	var got string
	for err = os.ErrDeadlineExceeded; errors.Is(err, os.ErrDeadlineExceeded); {
		var more string
		more, err = readNow(c)
		got += more
	}
	c.Close()
	if got != "-ERR bye\r\n" || err != io.EOF || !strings.Contains(words.String(), "-ERR bye") {
		t.Errorf("%q, %v; transcript:\n%s", got, err, words.String())
	}
	whole := words.String()
	io.WriteString(c, "NOOP\r\n") // a goroutine that has not noticed
	c.Abort()
	if words.String() != whole {
		t.Errorf("the transcript goes on after Close:\n%s", words.String())
	}
}
