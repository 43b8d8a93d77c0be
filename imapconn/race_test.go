package imapconn_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// busy is a server with an answer to every command, and with something to say unasked
// behind each.
func busy() string {
	const (
		unasked  = "S: * 9 EXISTS\nS: * 5 FETCH (FLAGS (\\Seen) UID 5)\nS: * 7 EXPUNGE\nS: * OK [ALERT] soon\nS: * X-ODD\n"
		envelope = `ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL NIL "<a@b>")`
	)
	message := func(n int) string {
		return fmt.Sprintf("S: * %d FETCH (UID %d FLAGS () %s BODY[] {5}\nS: hello)\n", n, n, envelope)
	}
	answers := []struct{ command, data string }{
		{"NOOP", ""}, {"CAPABILITY", "S: * CAPABILITY IMAP4rev1 MOVE\n"}, {"SELECT *", "S: * 9 EXISTS\nS: * FLAGS (\\Seen)\n"}, {"UNSELECT", ""},
		{"CREATE *", ""}, {"DELETE *", ""}, {"RENAME *", ""}, {"SUBSCRIBE *", ""}, {"UNSUBSCRIBE *", ""},
		{"LIST *", "S: * LIST () \"/\" a\nS: * LIST () / b\n"}, {"STATUS *", "S: * STATUS INBOX (MESSAGES 3)\n"},
		{"NAMESPACE", "S: * NAMESPACE ((\"\" \"/\")) NIL NIL\n"}, {"ID *", "S: * ID NIL\n"}, {"ENABLE *", "S: * ENABLED X\n"},
		{"SEARCH *", "S: * SEARCH 3 2 1\n"}, {"UID SEARCH *", "S: * SEARCH 3 2 1\n"}, {"SORT *", "S: * SORT 3 2 1\n"}, {"THREAD *", "S: * THREAD (1 2)(3)\n"},
		{"FETCH *", message(1) + message(2) + message(3)}, {"UID FETCH *", message(1) + message(2)}, {"STORE *", "S: * 1 FETCH (FLAGS (\\Seen))\n"},
		{"COPY *", ""}, {"MOVE *", "S: * OK [COPYUID 1 1 2] moved\n"}, {"EXPUNGE", "S: * 1 EXPUNGE\n"}, {"UID EXPUNGE *", "S: * 1 EXPUNGE\n"},
		{"GETQUOTA *", "S: * QUOTA \"\" (STORAGE 1 2)\n"}, {"GETQUOTAROOT *", "S: * QUOTAROOT INBOX \"\"\nS: * QUOTA \"\" (STORAGE 1 2)\n"},
		{"GETACL *", "S: * ACL INBOX joe lrs\n"}, {"MYRIGHTS *", "S: * MYRIGHTS INBOX lrs\n"}, {"GETMETADATA *", "S: * METADATA INBOX (/private/comment NIL)\n"},
		{"IDLE", "S: + idling\n"}, {"DONE", ""}, {"APPEND *", "S: + go on\n"}, {"hello", ""},
	}
	var s strings.Builder
	for _, a := range answers {
		fmt.Fprintf(&s, "C: %s\n%s", a.command, a.data)
		if strings.HasPrefix(a.data, "S: +") {
			s.WriteString("\n")
			continue
		}
		s.WriteString(unasked + "S: <tag> OK done\n")
	}
	return s.String()
}

// acts are commands as programs use them; some leave a part of the answer unread for
// good, some until later.
func acts() []func(c *imapconn.Client, r *rand.Rand) error {
	one, all := imap.SeqSetNum(1), imap.SeqSet{{Start: 1, Stop: 0}}
	whole := &imap.FetchOptions{UID: true, Flags: true, Envelope: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}
	return []func(c *imapconn.Client, r *rand.Rand) error{
		func(c *imapconn.Client, _ *rand.Rand) error { return c.Noop().Wait() },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.Capability().Wait()) },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.Select("INBOX", nil).Wait()) },
		func(c *imapconn.Client, _ *rand.Rand) error { return c.Create("x", nil).Wait() },
		func(c *imapconn.Client, _ *rand.Rand) error { return c.Rename("x", "y", nil).Wait() },
		func(c *imapconn.Client, _ *rand.Rand) error { return c.Subscribe("x").Wait() },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.List("", "*", nil).Collect()) },
		func(c *imapconn.Client, _ *rand.Rand) error {
			return last(c.Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait())
		},
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.Namespace().Wait()) },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.ID(nil).Wait()) },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.Enable(imap.CapUTF8Accept).Wait()) },
		func(c *imapconn.Client, _ *rand.Rand) error {
			return last(c.Search(&imap.SearchCriteria{Text: []string{"ä"}}, nil).Wait())
		},
		func(c *imapconn.Client, _ *rand.Rand) error {
			return last(c.UIDSearch(&imap.SearchCriteria{}, nil).Wait())
		},
		func(c *imapconn.Client, _ *rand.Rand) error {
			return last(c.Sort(&imapclient.SortOptions{SearchCriteria: &imap.SearchCriteria{}}).Wait())
		},
		func(c *imapconn.Client, _ *rand.Rand) error {
			return last(c.Thread(&imapclient.ThreadOptions{Algorithm: imap.ThreadReferences, SearchCriteria: &imap.SearchCriteria{}}).Wait())
		},
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.Fetch(all, whole).Collect()) },
		func(c *imapconn.Client, _ *rand.Rand) error {
			return last(c.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, whole).Collect())
		},
		func(c *imapconn.Client, r *rand.Rand) error {
			cmd := c.Fetch(all, whole)
			body := bodyOf(cmd)
			time.Sleep(time.Duration(r.IntN(2)) * time.Millisecond)
			if body != nil && r.IntN(2) == 0 {
				io.Copy(io.Discard, body)
			}
			return cmd.Close()
		},
		func(c *imapconn.Client, _ *rand.Rand) error {
			return last(c.Store(one, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Collect())
		},
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.Copy(one, "x").Wait()) },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.Move(one, "x").Wait()) },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.Expunge().Collect()) },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.UIDExpunge(imap.UIDSetNum(1)).Collect()) },
		func(c *imapconn.Client, _ *rand.Rand) error { return last(c.GetQuotaRoot("INBOX").Wait()) },
		func(c *imapconn.Client, _ *rand.Rand) error {
			return last(c.GetMetadata("INBOX", []string{"/private/comment"}, nil).Wait())
		},
		func(c *imapconn.Client, _ *rand.Rand) error {
			idle, err := c.Idle()
			if err != nil {
				return err
			}
			return errors.Join(idle.Close(), idle.Wait())
		},
	}
}

// Many goroutines use a session at once, and it ends in the middle: nothing races,
// nothing waits for ever, nothing is left.
func TestHammer(t *testing.T) {
	player := scripttest.New(t)
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	lines := inside(deflating + busy())
	before := runtime.NumGoroutine()
	done := 0
	for round := range rounds {
		done += hammer(t, player, lines, uint64(round))
	}
	if done < rounds*10 {
		t.Errorf("only %d commands were answered", done)
	}
	left(t, before)
}

// left fails if goroutines are left beyond n.
func left(t *testing.T, n int) {
	t.Helper()
	for range 1000 {
		if runtime.NumGoroutine() <= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), n, stacks[:runtime.Stack(stacks, true)])
}

func hammer(t *testing.T, player *scripttest.Player, lines string, seed uint64) (answered int) {
	session := player.Play(t, policy.IMAP, policy.ImplicitTLS, lines)
	conn, err := player.Dialer().NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapconn.New(t.Context(), conn, &imapconn.Options{
		Auth:     password(),
		Compress: seed%4 < 2,
		Notice:   func(imapconn.Notice) {},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Fetch:   func(m *imapclient.FetchMessageData) { m.Collect() },
			Mailbox: func(*imapclient.UnilateralDataMailbox) {},
			Expunge: func(uint32) {},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var running sync.WaitGroup
	for worker := range 8 {
		running.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(worker)))
			list := acts()
			for c.Err() == nil {
				if err := list[r.IntN(len(list))](c, r); err == nil {
					mu.Lock()
					answered++
					mu.Unlock()
				}
			}
		})
	}
	enough := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return answered >= 20+int(seed%7)
	}
	for !enough() && c.Err() == nil {
		runtime.Gosched()
	}
	if seed%2 == 0 {
		c.Abort()
	} else {
		c.Close()
	}
	running.Wait()
	var over *dial.Error
	if err := c.Err(); !errors.As(err, &over) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("round %d: %v", seed, err)
	}
	c.Close()
	session.Record()
	return answered
}
