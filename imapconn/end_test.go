package imapconn_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// waits is a command that does not get its answer.
type waits struct {
	name   string
	server string // what the server does with the command
	do     func(c *imapconn.Client) error
	inBody bool
}

// waiting are commands of every form, in every state of theirs.
func waiting() []waits {
	body := &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}}
	return []waits{
		{"NOOP", "C: NOOP", func(c *imapconn.Client) error { return c.Noop().Wait() }, false},
		{"LOGOUT", "C: LOGOUT", func(c *imapconn.Client) error { return c.Logout().Wait() }, false},
		{"SELECT half answered", "C: SELECT *\nS: * 3 EXISTS", func(c *imapconn.Client) error {
			_, err := c.Select("INBOX", nil).Wait()
			return err
		}, false},
		{"SEARCH", "C: SEARCH *\nS: * SEARCH 1 2 3", func(c *imapconn.Client) error {
			_, err := c.Search(&imap.SearchCriteria{}, nil).Wait()
			return err
		}, false},
		{"SEARCH with a literal", "C: SEARCH *", func(c *imapconn.Client) error {
			_, err := c.Search(&imap.SearchCriteria{Text: []string{"ä"}}, nil).Wait()
			return err
		}, false},
		{"FETCH without an answer", "C: FETCH *", func(c *imapconn.Client) error {
			_, err := c.Fetch(imap.SeqSetNum(1), body).Collect()
			return err
		}, false},
		{"FETCH with half a body", "C: FETCH *\nS: * 1 FETCH (BODY[] {100000}\nS: half", func(c *imapconn.Client) error {
			_, err := c.Fetch(imap.SeqSetNum(1), body).Collect()
			return err
		}, true},
		{"LIST", "C: LIST *\nS: * LIST () NIL x", func(c *imapconn.Client) error {
			_, err := c.List("", "*", nil).Collect()
			return err
		}, false},
		{"EXPUNGE", "C: EXPUNGE\nS: * 1 EXPUNGE", func(c *imapconn.Client) error {
			_, err := c.Expunge().Collect()
			return err
		}, false},
		{"IDLE before it runs", "C: IDLE", func(c *imapconn.Client) error {
			idle, err := c.Idle()
			if err != nil {
				return err
			}
			return errors.Join(idle.Close(), idle.Wait())
		}, false},
		{"IDLE", "C: IDLE\nS: + idling", func(c *imapconn.Client) error {
			idle, err := c.Idle()
			if err != nil {
				return err
			}
			return idle.Wait()
		}, false},
		{"APPEND before its message", "C: APPEND *", func(c *imapconn.Client) error {
			cmd := c.Append("INBOX", 5, nil)
			_, err := io.WriteString(cmd, "hello")
			return errors.Join(err, cmd.Close(), last(cmd.Wait()))
		}, false},
		{"APPEND", "C: APPEND *\nS: + go on", func(c *imapconn.Client) error {
			cmd := c.Append("INBOX", 5, nil)
			_, err := io.WriteString(cmd, "hello")
			return errors.Join(err, cmd.Close(), last(cmd.Wait()))
		}, false},
	}
}

func last[T any](_ T, err error) error { return err }

// ending is a way in which a session ends.
type ending struct {
	name, server string
	by           func(c *imapconn.Client)
	is           func(err error) bool
}

var ends = []ending{
	{"Abort", "HANG", func(c *imapconn.Client) { c.Abort() }, is(net.ErrClosed)},
	{"Close", "HANG", func(c *imapconn.Client) { c.Close() }, is(net.ErrClosed)},
	{"time", "HANG", nil, is(os.ErrDeadlineExceeded)},
	{"breach", "S~ 1100000 (", nil, is(policy.ErrLimit)},
	{"foreign tag", "S: x OK done", nil, is(policy.ErrInjected)},
	{"farewell", "S: * BYE Your account was suspended\nFIN", nil, func(err error) bool {
		left := new(dial.Farewell)
		return errors.As(err, &left) && strings.Contains(left.Reply, "suspended")
	}},
	{"end", "FIN", nil, func(err error) bool {
		left := new(dial.Farewell)
		return errors.As(err, &left) || errors.Is(err, io.ErrUnexpectedEOF)
	}},
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

const replyTime = time.Minute

// Whatever is pending, and however the session ends: the command returns at once, with
// the reason, which is Err's as well.
func TestEnds(t *testing.T) {
	player := scripttest.New(t)
	for _, w := range waiting() {
		for _, e := range ends {
			if w.inBody && strings.HasPrefix(e.server, "S") {
				continue // the server's words would be of the body
			}
			for _, compress := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/compressed %v", w.name, e.name, compress), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { checkEnd(t, player, w, e, compress) })
				})
			}
		}
	}
}

func checkEnd(t *testing.T, player *scripttest.Player, w waits, e ending, compress bool) {
	c, session := begin(t, player, t.Context(), w.server+"\n"+e.server, imapconn.Options{ReplyTimeout: replyTime, Compress: compress})
	failed := make(chan error, 1)
	start := time.Now()
	go func() { failed <- w.do(c) }()
	synctest.Wait()
	if e.by != nil {
		e.by(c)
	}
	idles := e.name == "time" && w.name == "IDLE"
	if idles { // nothing is due
		time.Sleep(20 * time.Minute) // not yet renewed
		c.Abort()
	}
	err := <-failed
	took := time.Since(start)
	limit := time.Second
	if e.name == "time" {
		limit += replyTime
	}
	if took > limit && !idles {
		t.Errorf("took %v", took)
	}
	expected := e.is
	if idles {
		expected = is(net.ErrClosed)
	}
	if w.name == "LOGOUT" && (e.name == "farewell" || e.name == "end") {
		expected = func(err error) bool { return is(net.ErrClosed)(err) || e.is(err) }
	}
	for what, err := range map[string]error{"the command": err, "Err": c.Err()} {
		var over *dial.Error
		if !errors.As(err, &over) || over.Phase != dial.PhaseSession || !expected(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	c.Close()
	session.Record()
}

// What a program leaves unread does not keep the end of the session waiting. What it has
// taken and not read is its own: when it reads on, it gets the reason of the end.
func TestUnread(t *testing.T) {
	const (
		message = "S: * 1 FETCH (UID 1 BODY[] {5}\nS: hello)\nS: * 2 FETCH (UID 2 BODY[] {5}\nS: hello)\nS: * 3 FETCH (UID 3 FLAGS ())\n"
		half    = "S: * 1 FETCH (UID 1 BODY[] {100000}\nS: hello"
	)
	seqs := imap.SeqSet{{Start: 1, Stop: 200}}
	fetch := func(c *imapconn.Client) *imapclient.FetchCommand {
		return c.Fetch(seqs, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	}
	for name, w := range map[string]struct {
		server string
		leave  func(c *imapconn.Client) (readOn func() error)
	}{
		"a FETCH": {"C: FETCH *\n" + message, func(c *imapconn.Client) func() error { return fetch(c).Close }},
		"a message": {"C: FETCH *\n" + message, func(c *imapconn.Client) func() error {
			cmd := fetch(c)
			cmd.Next()
			return cmd.Close
		}},
		"a body": {"C: FETCH *\n" + message, func(c *imapconn.Client) func() error {
			cmd := fetch(c)
			bodyOf(cmd)
			return cmd.Close
		}},
		"half a body": {"C: FETCH *\n" + half, func(c *imapconn.Client) func() error {
			cmd := fetch(c)
			body := bodyOf(cmd)
			return func() error {
				_, err := io.Copy(io.Discard, body)
				return errors.Join(err, cmd.Close())
			}
		}},
		"a STORE": {"C: STORE *\n" + flagsOf(200), func(c *imapconn.Client) func() error {
			return c.Store(seqs, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close
		}},
		"a LIST":     {"C: LIST *\nS* 200 * LIST () NIL x", func(c *imapconn.Client) func() error { return c.List("", "*", nil).Close }},
		"an EXPUNGE": {"C: EXPUNGE\nS* 200 * 1 EXPUNGE", func(c *imapconn.Client) func() error { return c.Expunge().Close }},
	} {
		for _, how := range []string{"Abort", "Close", "time"} {
			t.Run(name+"/"+how, func(t *testing.T) { checkUnread(t, w.server, w.leave, how) })
		}
	}
}

func checkUnread(t *testing.T, server string, leave func(*imapconn.Client) func() error, how string) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		c, session := begin(t, player, t.Context(), server+"\nC: NOOP\nHANG", imapconn.Options{ReplyTimeout: replyTime})
		readOn := leave(c)
		synctest.Wait()
		failed := make(chan error, 1)
		go func() { failed <- c.Noop().Wait() }()
		synctest.Wait()
		start, limit, want := time.Now(), time.Second, net.ErrClosed
		switch how {
		case "Abort":
			c.Abort()
		case "Close":
			c.Close()
		case "time":
			limit, want = limit+replyTime, os.ErrDeadlineExceeded
		}
		err := <-failed
		if took := time.Since(start); took > limit {
			t.Errorf("took %v", took)
		}
		for what, err := range map[string]error{"NOOP": err, "Err": c.Err(), "reading on": readOn()} {
			var over *dial.Error
			if !errors.As(err, &over) || !errors.Is(err, want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		c.Close()
		session.Record()
	})
}

// flagsOf are answers to a STORE.
func flagsOf(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, "S: * %d FETCH (FLAGS ())\n", i+1)
	}
	return s.String()
}

// bodyOf reads a FETCH up to its first body.
func bodyOf(cmd *imapclient.FetchCommand) io.Reader {
	for message := cmd.Next(); message != nil; message = cmd.Next() {
		for item := message.Next(); item != nil; item = message.Next() {
			if body, ok := item.(imapclient.FetchItemDataBodySection); ok {
				return body.Literal
			}
		}
	}
	return nil
}
