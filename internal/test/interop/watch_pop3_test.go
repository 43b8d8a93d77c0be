package interop

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// watched is a program that watches a mailbox of a real server, and counts how often it
// was told of each message.
type watched struct {
	config pop3watch.Config
	stop   context.CancelFunc
	done   chan error
	looked chan pop3watch.Look // at the end of a look

	mu   sync.Mutex
	told map[string]int // by text
}

func newWatched(c client, seen string) *watched {
	w := &watched{told: map[string]int{}, looked: make(chan pop3watch.Look, 1)}
	d := dialer(c.lab, find(c.server, policy.POP3, policy.ImplicitTLS, servers.Good), false)
	w.config = pop3watch.Config{
		Endpoint: endpoint(policy.POP3, policy.ImplicitTLS),
		Options:  &pop3conn.Options{Dialer: d, Auth: c.auth()},
		Seen:     pop3watch.File(seen),
		Handle:   w.handle,
		Delete:   true,
		Every:    20 * time.Millisecond, MinDelay: 10 * time.Millisecond, MaxDelay: 100 * time.Millisecond, LongDelay: 100 * time.Millisecond,
		Looked: func(l pop3watch.Look) {
			if !l.Over {
				return
			}
			select {
			case w.looked <- l:
			default:
			}
		},
	}
	return w
}

func (w *watched) handle(_ context.Context, m *pop3watch.Message) error {
	text, err := io.ReadAll(m)
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told[string(text)]++
	}
	return err
}

func (w *watched) start(ctx context.Context) {
	ctx, w.stop = context.WithCancel(ctx)
	w.done = make(chan error, 1)
	go func() { w.done <- pop3watch.Run(ctx, w.config) }()
}

// TestWatchPOP3 watches a mailbox to which mail comes all the time, while the server is
// killed and started and the program ends and begins again, at random: it is told of
// each message once, and the mailbox is empty in the end.
func TestWatchPOP3(t *testing.T) {
	atMailboxes(t, func(t *testing.T, c client) {
		w := newWatched(c, filepath.Join(t.TempDir(), "seen"))
		w.start(t.Context())
		var texts []string
		count := map[string]int{}
		for range 25 {
			s := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
			for range 1 + rand.N(10) {
				text := letter(fmt.Sprint("message ", len(texts)))
				appendTo(t, s, "INBOX", text)
				texts = append(texts, text)
			}
			logout(t, s)
			event := []string{"server", "program", "none"}[rand.N(3)]
			dies, ok := c.server.(interface {
				Kill()
				Start()
			})
			switch count[event]++; {
			case event == "server" && ok:
				dies.Kill()
				dies.Start()
			case event == "program":
				w.stop()
				if err := <-w.done; err != nil {
					t.Fatal(err)
				}
				w.start(t.Context())
			default:
				<-w.looked
			}
		}
		w.finish(t, len(texts))
		for _, text := range texts {
			if n := w.told[text]; n != 1 {
				t.Errorf("told %d times: %q", n, strings.TrimSpace(text))
			}
		}
		s := must(c.pop3(policy.ImplicitTLS))(t)
		defer s.Close()
		if n, _, err := s.Stat(t.Context()); n != 0 || err != nil {
			t.Errorf("%d are left, %v", n, err)
		}
		t.Logf("%d messages, events %v", len(texts), count)
	})
}

// finish watches until all was told and the mailbox is empty, and ends.
func (w *watched) finish(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(patience)
	for all, empty := false, false; !all || !empty; {
		select {
		case l := <-w.looked:
			empty = l.Listed == 0
		case <-deadline:
			t.Fatal("the watch does not come to an end")
		}
		w.mu.Lock()
		all = len(w.told) == n
		w.mu.Unlock()
	}
	w.stop()
	if err := <-w.done; err != nil {
		t.Error(err)
	}
}
