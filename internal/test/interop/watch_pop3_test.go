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

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
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

	mu    sync.Mutex
	told  map[string]int // by text
	downs int
}

func newWatched(c client, b *between, seen string) *watched {
	w := &watched{told: map[string]int{}, looked: make(chan pop3watch.Look, 1)}
	d := dialer(c.lab, b.Addr(), false)
	d.Timeout = 3 * time.Second
	w.config = pop3watch.Config{
		Endpoint: endpoint(policy.POP3, policy.RequiredSTARTTLS),
		Options:  &pop3conn.Options{Dialer: d, Auth: c.auth(), ReplyTimeout: time.Second},
		Seen:     pop3watch.File(seen),
		Handle:   w.handle,
		Delete:   true,
		Every:    20 * time.Millisecond, MinDelay: 10 * time.Millisecond, MaxDelay: 100 * time.Millisecond, LongDelay: 100 * time.Millisecond,
		Down: func(*dial.Error, time.Time) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.downs++
		},
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

// act makes one event. sent has the texts so far.
func (w *watched) act(t *testing.T, c client, b *between, sent *[]string) string {
	event := []string{"mail", "mail", "mail", "mail", "server", "program", "cut", "stall", "half-open", "login refused"}[rand.N(10)]
	switch event {
	case "mail":
		s := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
		for range 1 + rand.N(10) {
			text := letter(fmt.Sprint("message ", len(*sent)))
			appendTo(t, s, "INBOX", text)
			*sent = append(*sent, text)
		}
		logout(t, s)
	case "server":
		return restart(c.server)
	case "program":
		w.stop()
		if err := <-w.done; err != nil {
			t.Fatal(err)
		}
		w.start(t.Context())
	default:
		return b.act(t, event)
	}
	return event
}

// TestWatchPOP3 watches a mailbox to which mail comes all the time, while the server is
// killed and started and refuses logins, the network cuts, stalls and half closes, and the
// program ends and begins again, at random: it is told of each message once, and the mailbox is
// empty in the end. MAILCONN_FULL makes it 1,000 events.
func TestWatchPOP3(t *testing.T) {
	atMailboxes(t, func(t *testing.T, c client) {
		b := newBetween(t, c, policy.POP3)
		w := newWatched(c, b, filepath.Join(t.TempDir(), "seen"))
		w.start(t.Context())
		var texts []string
		count := map[string]int{}
		for range events() {
			count[w.act(t, c, b, &texts)]++
			if rand.N(2) == 0 {
				select {
				case <-w.looked:
				case <-time.After(rand.N(100 * time.Millisecond)): // the network is down
				}
			}
		}
		b.settle(t)
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
		t.Logf("%d messages, %d outages, events %v", len(texts), w.downs, count)
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
