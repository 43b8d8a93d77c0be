package imapconn_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// earlyServer answers the first command when it has its first line, and reads on a while
// later. It returns what it has read behind that line up to a NOOP, which it answers.
func earlyServer(conn net.Conn, caps, answer string, read chan<- string) {
	defer conn.Close()
	defer close(read)
	fmt.Fprintf(conn, "* PREAUTH [CAPABILITY IMAP4rev1 %s] ready\r\n", caps)
	r := bufio.NewReader(conn)
	tag, _ := nextCommand(r)
	io.WriteString(conn, strings.ReplaceAll(answer, "TAG", tag))
	time.Sleep(time.Second) // of the bubble's clock: everything else waits by then
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if tag, command, _ := strings.Cut(line, " "); command == "NOOP\r\n" && err == nil {
			fmt.Fprintf(conn, "%s OK done\r\n", tag)
			break
		}
		if all.WriteString(line); err != nil || strings.Contains(line, "NOOP") {
			conn.Close()
			break
		}
	}
	read <- all.String()
	io.Copy(io.Discard, r)
}

// A server may answer a command before it has read all of it. What other goroutines send then
// does not get into the middle of a content, whose rest the server would take for commands.
func TestAnswerAheadOfTheContent(t *testing.T) {
	content := strings.Repeat("0123456789abcde\n", 20<<10)
	appendAll := func(t *testing.T, c *imapconn.Client) {
		if got := appended(t.Context(), c, "x", appends([]string{content})); got != "0!false imap: NO [TRYCREATE] no" {
			t.Error(got)
		}
	}
	for name, test := range map[string]struct {
		caps string
		run  func(*testing.T, *imapconn.Client)
		want string
	}{
		"APPEND":      {"LITERAL+", appendAll, content + "\r\n"},
		"MULTIAPPEND": {"LITERAL+ MULTIAPPEND", appendAll, content + "\r\n"},
		"Do": {"LITERAL+", func(t *testing.T, c *imapconn.Client) {
			var refused *imap.Error
			if _, err := c.Do(t.Context(), "XSEND", []byte(content), "x"); !errors.As(err, &refused) {
				t.Error(err)
			}
		}, content + " \"x\"\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				read := make(chan string, 1)
				go earlyServer(server, test.caps, "TAG NO [TRYCREATE] no\r\n", read)
				c := over(t, client, nil)
				done := make(chan struct{})
				go func() {
					defer close(done)
					test.run(t, c)
				}()
				synctest.Wait()
				if err := c.Noop().Wait(); err != nil {
					t.Error(err)
				}
				if got := <-read; got != test.want {
					t.Errorf("read %d bytes up to NOOP, want %d; they end in %q", len(got), len(test.want), got[max(0, len(got)-40):])
				}
				<-done
				c.Close()
			})
		})
	}
}

// A second answer to a command that is still being written is none of the server's.
func TestTwoAnswersAheadOfTheContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		read := make(chan string, 1)
		go earlyServer(server, "LITERAL+", "TAG NO no\r\nTAG OK [APPENDUID 1 1] done\r\n", read)
		c := over(t, client, nil)
		got := appended(t.Context(), c, "x", appends([]string{strings.Repeat("x", 300<<10)}))
		if !errors.Is(c.Err(), policy.ErrInjected) || strings.HasPrefix(got, "1") {
			t.Error(got, c.Err())
		}
		<-read
	})
}

// What no loop has asked for is counted among the calls of the handler for FETCH, also if
// its number is among the UIDs that the loop asks for.
func TestHandlersBesideALoopAreFew(t *testing.T) {
	const most = 64
	var running, highest atomic.Int32
	block := make(chan struct{})
	c := answered(t, &imapconn.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Fetch: func(m *imapclient.FetchMessageData) {
			if n := running.Add(1); n > highest.Load() {
				highest.Store(n)
			}
			<-block
			running.Add(-1)
		},
	}}, func(command string) string {
		var flood strings.Builder
		for n := range 10 * most {
			fmt.Fprintf(&flood, "* %d FETCH (FLAGS (\\Seen))\r\n", n+1)
		}
		return flood.String()
	})
	time.AfterFunc(200*time.Millisecond, func() { close(block) })
	for _, err := range c.FetchEach(t.Context(), all(), nil) {
		t.Error(err)
	}
	if n := highest.Load(); n == 0 || n > most {
		t.Errorf("%d calls of the handler were under way", n)
	}
}

// A FETCH without a UID costs its message, which is named, or the loop if it is not known
// which messages there are. Without a size it costs nothing.
func TestFetchEachWithoutUIDs(t *testing.T) {
	const envelope = `ENVELOPE (NIL "hello" NIL NIL NIL NIL NIL NIL NIL "<a@b>")`
	for name, test := range map[string]struct {
		o                    *imapconn.FetchOptions
		sizes, first, second string
		want                 string
	}{
		"content":  {nil, sizes, body(1, "a") + "* 2 FETCH (RFC822.SIZE 1 BODY[]<0> {1}\r\nb)\r\n" + body(3, "c"), "* 2 FETCH (RFC822.SIZE 1 BODY[]<0> {1}\r\nb)\r\n", "1=a 3=c 2!imap: NO [UNREADABLE] "},
		"once":     {nil, sizes, body(1, "a") + "* 2 FETCH (RFC822.SIZE 1 BODY[]<0> {1}\r\nb)\r\n" + body(3, "c"), body(2, "b"), "1=a 3=c 2=b"},
		"sizes":    {nil, "* 1 FETCH (RFC822.SIZE 1)\r\n", "", "", "imap: NO [UNREADABLE] "},
		"flags":    {nil, sizes + "* 2 FETCH (FLAGS (\\Seen))\r\n", body(1, "a") + "* 2 FETCH (FLAGS ())\r\n" + body(2, "b") + body(3, "c"), "", "1=a 2=b 3=c"},
		"no size":  {&imapconn.FetchOptions{NoBody: true, Envelope: true}, "", "* 1 FETCH (UID 1 FLAGS () " + envelope + ")\r\n", "", "1="},
		"metadata": {&imapconn.FetchOptions{NoBody: true, Envelope: true}, "", "* 1 FETCH (" + envelope + " FLAGS ())\r\n", "* 1 FETCH (" + envelope + " FLAGS ())\r\n", "1!imap: NO [UNREADABLE] "},
	} {
		t.Run(name, func(t *testing.T) {
			fetches := 0
			c := answered(t, nil, func(command string) string {
				if strings.Contains(command, "(UID RFC822.SIZE)") {
					return test.sizes
				}
				if fetches++; fetches == 1 {
					return test.first
				}
				if strings.HasPrefix(command, "UID FETCH 1 ") && test.sizes != "" {
					t.Error(command)
				}
				return test.second
			})
			got := summary(c, t, imap.UIDSetNum(1, 2, 3), test.o)
			if !strings.HasPrefix(got, test.want) || !strings.HasSuffix(test.want, " ") && got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
