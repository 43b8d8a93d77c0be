package imapconn_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// answered returns a session with a server that answers each command by answer, to which
// tagged OK is added if it has no tagged line.
func answered(t *testing.T, o *imapconn.Options, answer func(command string) string) *imapconn.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			tag, command, _ := strings.Cut(lines.Text(), " ")
			said := strings.ReplaceAll(answer(command), "TAG ", tag+" ")
			over := strings.HasSuffix(said, "* BYE going down\r\n")
			if !over && !strings.Contains("\n"+said, "\n"+tag+" ") {
				said += tag + " OK done\r\n"
			}
			if _, err := io.WriteString(conn, said); err != nil || over {
				return
			}
		}
	}()
	host, port := "127.0.0.1", uint16(l.Addr().(*net.TCPAddr).Port)
	c, err := imapconn.Dial(t.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: host, Port: port, Policy: policy.NoTLS}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// summary is what a loop brought, in a line.
func summary(c *imapconn.Client, t *testing.T, uids imap.UIDSet, o *imapconn.FetchOptions) string {
	var out []string
	for m, err := range c.FetchEach(t.Context(), uids, o) {
		text, readErr := io.ReadAll(m)
		var odd *imapconn.MessageError
		switch {
		case errors.As(err, &odd):
			out = append(out, fmt.Sprintf("%d!%v", m.UID, odd.Err))
		case err != nil:
			out = append(out, err.Error())
		case readErr != nil:
			out = append(out, fmt.Sprintf("%d?%v", m.UID, readErr))
		default:
			out = append(out, fmt.Sprintf("%d=%s", m.UID, text))
		}
	}
	return strings.Join(out, " ")
}

const sizes = "* 1 FETCH (UID 1 RFC822.SIZE 1)\r\n* 2 FETCH (UID 2 RFC822.SIZE 1)\r\n* 3 FETCH (UID 3 RFC822.SIZE 1)\r\n"

// body is the answer with the content of a message.
func body(uid int, text string) string {
	return fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 1 FLAGS () BODY[]<0> {%d}\r\n%s)\r\n", uid, uid, len(text), text)
}

// vanished is what Dovecot says of a message that another session has expunged.
func vanished(uid int) string {
	return fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 0 FLAGS (\\Deleted) BODY[]<0> NIL)\r\n", uid, uid)
}

func TestFetchEachOfOddServers(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(command string) string
		want   string
	}{
		{"plain", func(string) string { return body(1, "a") + body(2, "b") + body(3, "c") }, "1=a 2=b 3=c"},
		{"another order", func(string) string { return body(3, "c") + body(1, "a") + body(2, "b") }, "1=a 2=b 3=c"},
		{"what was not asked for", func(string) string {
			return body(1, "a") + body(9, "x") + "* 2 FETCH (FLAGS ())\r\n* 2 EXPUNGE\r\n* 5 EXISTS\r\n"
		}, "1=a"},
		{"twice", func(string) string { return body(1, "a") + body(1, "b") }, "1=a"},
		{"no parts", func(string) string { return strings.ReplaceAll(body(1, "abc"), "<0>", "") }, "1=abc"},
		{"a quoted content", func(string) string { return `* 1 FETCH (BODY[]<0> "a\"b" RFC822.SIZE 3 UID 1)` + "\r\n" }, `1=a"b`},
		{"no content", func(string) string { return "* 1 FETCH (UID 1 RFC822.SIZE 3 FLAGS ())\r\n" }, "1!imapconn: the server has left out something that was asked for"},
		{"NIL", func(string) string { return "* 1 FETCH (UID 1 RFC822.SIZE 3 FLAGS () BODY[]<0> NIL)\r\n" }, "1!imapconn: the server has left out something that was asked for"},
		{"what has vanished, as Dovecot has it", func(command string) string {
			switch {
			case strings.HasPrefix(command, "UID FETCH 1:3"):
				return body(1, "a") + vanished(2) + vanished(3) + "TAG OK [EXPUNGEISSUED] some are gone\r\n"
			case strings.HasPrefix(command, "UID FETCH 2 "):
				return body(2, "b")
			}
			return vanished(3) + "TAG OK [EXPUNGEISSUED] gone\r\n"
		}, "1=a 2=b"},
		{"a part that has vanished, as Dovecot has it", func(command string) string {
			if strings.Contains(command, "<0.") {
				return strings.Replace(body(1, strings.Repeat("x", 64<<10)), "SIZE 1 ", "SIZE 100000 ", 1)
			}
			return "* 1 FETCH (UID 1 BODY[]<65536> NIL)\r\nTAG OK [EXPUNGEISSUED] gone\r\n"
		}, "1?imapconn: message with UID 1: the message has vanished while it was read"},
		{"odd blanks", func(string) string {
			return "* 1  FETCH ( UID 1 RFC822.SIZE 1 BODY[]<0> {1}\r\na FLAGS ( \\Seen ))\r\n"
		}, "1=a"},
		{"all refused", func(string) string { return "TAG BAD [CLIENTBUG] what?\r\n" }, "imap: BAD [CLIENTBUG] what?"},
		{"one refused", func(command string) string {
			switch {
			case strings.HasPrefix(command, "UID FETCH 1:3"):
				return body(1, "a") + "TAG NO [UNAVAILABLE] some are locked\r\n"
			case strings.HasPrefix(command, "UID FETCH 2 "):
				return "TAG NO [UNAVAILABLE] locked \x1b[31m\r\n"
			}
			return body(3, "c")
		}, "1=a 2!imap: NO [UNAVAILABLE] locked \uFFFD[31m 3=c"},
		{"vanished", func(command string) string {
			if strings.HasPrefix(command, "UID FETCH 1:3") {
				return body(1, "a") + "TAG NO [EXPUNGEISSUED] some have vanished\r\n"
			}
			return "TAG NO [EXPUNGEISSUED] gone\r\n"
		}, "1=a"},
		{"a part that vanishes", func(command string) string {
			if strings.Contains(command, "<0.") {
				return body(1, strings.Repeat("x", 64<<10))
			}
			return ""
		}, "1?imapconn: message with UID 1: the message has vanished while it was read"},
		{"BYE", func(string) string { return body(1, "a") + "* BYE going down\r\n" }, "1=a dial: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := answered(t, nil, func(command string) string {
				if strings.Contains(command, "(UID RFC822.SIZE)") {
					return sizes
				}
				if !strings.HasPrefix(command, "UID FETCH") {
					return ""
				}
				return test.answer(command)
			})
			got := summary(c, t, imap.UIDSetNum(1, 2, 3), nil)
			if got != test.want && !(test.name == "BYE" && strings.HasPrefix(got, test.want) && strings.Contains(got, "going down")) {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

// A message whose envelope cannot be read costs itself.
func TestFetchEachUnreadable(t *testing.T) {
	c := answered(t, nil, func(command string) string {
		return `* 1 FETCH (UID 1 RFC822.SIZE 3 FLAGS () ENVELOPE (NIL "a" NIL NIL NIL NIL NIL NIL NIL "<a@b>"))` + "\r\n" +
			`* 2 FETCH (UID 2 RFC822.SIZE 3 FLAGS () ENVELOPE (NIL "a"b" NIL NIL NIL NIL NIL NIL NIL "<a@b>"))` + "\r\n" +
			`* 3 FETCH (UID 3 RFC822.SIZE 3 FLAGS () ENVELOPE (NIL "c" NIL NIL NIL NIL NIL NIL NIL "<a@b>"))` + "\r\n"
	})
	got := summary(c, t, imap.UIDSet{{Start: 1, Stop: 3}}, &imapconn.FetchOptions{Envelope: true, NoBody: true})
	if !strings.HasPrefix(got, "1= 2!") || !strings.Contains(got, "ENVELOPE cannot be read") || !strings.HasSuffix(got, " 3=") {
		t.Error(got)
	}
}

// An empty set is no command, and what cannot be asked for is an error before any.
func TestFetchEachSaysNothing(t *testing.T) {
	said := make(chan string, 100)
	c := answered(t, nil, func(command string) string {
		said <- command
		return ""
	})
	for _, test := range []struct {
		uids imap.UIDSet
		o    *imapconn.FetchOptions
		want string
	}{
		{nil, nil, ""},
		{imap.SearchRes(), nil, "search"},
		{all(), &imapconn.FetchOptions{Batch: -1}, "Batch"},
		{all(), &imapconn.FetchOptions{ModSeq: true}, "CONDSTORE"},
		{all(), &imapconn.FetchOptions{Raw: []string{"X) NOOP"}}, "not the name"},
		{all(), &imapconn.FetchOptions{Raw: []string{""}}, "not the name"},
		{all(), &imapconn.FetchOptions{NoBody: true, Sections: []*imap.FetchItemBodySection{{}}}, "NoBody"},
		{all(), &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{nil}}, "section"},
		{all(), &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{{}, {}}}, "twice"},
		{all(), &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{{Part: []int{0}}}}, "section"},
		{all(), &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{{Specifier: "TEXT] X"}}}, "section"},
		{all(), &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{{Specifier: "HEADER", HeaderFields: []string{"a\r\nb"}}}}, "section"},
		{all(), &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{{Partial: &imap.SectionPartial{Offset: -1, Size: 1}}}}, "section"},
	} {
		got := summary(c, t, test.uids, test.o)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) || test.want != "" && !strings.Contains(got, ": config: ") {
			t.Errorf("%v: %s", test.o, got)
		}
	}
	select {
	case command := <-said:
		t.Errorf("said %s", command)
	default:
	}
}

// What a server says unasked reaches the program's handlers beside a loop.
func TestHandlersBesideALoop(t *testing.T) {
	told := make(chan uint32, 10)
	c := answered(t, &imapconn.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Fetch: func(m *imapclient.FetchMessageData) { told <- m.SeqNum },
	}}, func(command string) string {
		if strings.Contains(command, "(UID RFC822.SIZE)") {
			return sizes
		}
		return body(1, "a") + "* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n* 7 FETCH (FLAGS ())\r\n" + body(2, "b")
	})
	if got := summary(c, t, imap.UIDSetNum(1, 2), nil); got != "1=a 2=b" {
		t.Error(got)
	}
	if a, b, c := <-told, <-told, <-told; a+b+c != 3+2+7 {
		t.Error(a, b, c)
	}
}

// A server that does not answer a loop ends the session in time.
func TestFetchEachIsNotAnswered(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	c := answered(t, &imapconn.Options{ReplyTimeout: 50 * time.Millisecond}, func(command string) string {
		<-block
		return ""
	})
	var last error
	for _, err := range c.FetchEach(t.Context(), all(), nil) {
		last = err
	}
	if !errors.Is(last, os.ErrDeadlineExceeded) || c.Err() == nil {
		t.Error(last, c.Err())
	}
}
