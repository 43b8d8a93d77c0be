package interop

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/policy"
)

// copied is a program that keeps a copy of mailboxes, and how far it is with it: what it
// knows when it is killed is what it knew when it has last committed a change.
type copied struct {
	config  imapwatch.Config
	stop    context.CancelFunc
	done    chan error
	changed chan struct{}

	mu        sync.Mutex
	positions map[string]imapwatch.Position
	texts     map[string]map[imap.UID]string // by mailbox
	told      map[string]int                 // by text
	resets    int
	downs     int
	cleared   []string // levels of protection that were not TLS
}

func newCopied(c client, b *between) *copied {
	p := &copied{
		changed: make(chan struct{}, 1), positions: map[string]imapwatch.Position{},
		texts: map[string]map[imap.UID]string{"INBOX": {}, "Other": {}}, told: map[string]int{},
	}
	d := dialer(c.lab, b.Addr(), false)
	d.Timeout = 3 * time.Second
	p.config = imapwatch.Config{
		Endpoint: endpoint(policy.IMAP, policy.RequiredSTARTTLS),
		Options: &imapconn.Options{
			Dialer: d, Auth: c.auth(), ReplyTimeout: time.Second,
		},
		Mailboxes: []string{"INBOX", "Other"},
		Positions: p,
		Handle:    p.handle,
		Reset:     p.reset,
		Poll:      50 * time.Millisecond, MinDelay: 10 * time.Millisecond, MaxDelay: 100 * time.Millisecond, LongDelay: 100 * time.Millisecond,
		Recheck: 5 * time.Second,
		Down: func(*dial.Error, time.Time) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.downs++
		},
	}
	return p
}

func (p *copied) Load(context.Context) (map[string]imapwatch.Position, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.positions), nil
}

// Save keeps a position that has no change of its own.
func (p *copied) Save(_ context.Context, mailbox string, at imapwatch.Position) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.positions[mailbox] = at
	return nil
}

func (p *copied) Release() error { return nil }

// handle fetches what is new, commits the change and its position together, and says so. A
// message that the server refuses comes again; of a mailbox that is being deleted, Dovecot
// refuses all.
func (p *copied) handle(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
	texts, refused := map[imap.UID]string{}, imap.UIDSet{}
	for m, err := range client.FetchEach(ctx, c.New, nil) {
		var text []byte
		if err == nil {
			text, err = io.ReadAll(m)
		}
		var odd *imapconn.MessageError
		switch {
		case errors.As(err, &odd):
			refused.AddNum(odd.UID)
			continue
		case err != nil:
			return err
		}
		texts[m.UID] = string(text)
	}
	after := c.After.Without(refused)
	if err := p.commit(client, c, texts, after); err != nil {
		return err
	}
	return c.Handled(after)
}

// commit takes over a change. That its session ends meanwhile does not matter.
func (p *copied) commit(client *imapconn.Client, c imapwatch.Change, texts map[imap.UID]string, after imapwatch.Position) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !client.Security().Confidential() {
		p.cleared = append(p.cleared, client.Security().String())
	}
	for uid, text := range texts {
		p.texts[c.Mailbox][uid] = text
		p.told[text]++
	}
	maps.DeleteFunc(p.texts[c.Mailbox], func(uid imap.UID, _ string) bool { return c.Vanished.Contains(uid) })
	p.positions[c.Mailbox] = after
	select {
	case p.changed <- struct{}{}:
	default:
	}
	return nil
}

// reset forgets a mailbox that was made anew.
func (p *copied) reset(_ context.Context, mailbox string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range p.texts[mailbox] {
		p.told[text]--
	}
	clear(p.texts[mailbox])
	p.resets++
	return nil
}

func (p *copied) start(ctx context.Context) {
	ctx, p.stop = context.WithCancel(ctx)
	p.done = make(chan error, 1)
	go func() { p.done <- imapwatch.Run(ctx, p.config) }()
}

// matches reports whether the copy of a mailbox is what is on the server.
func (p *copied) matches(t *testing.T, s *imapconn.Client, mailbox string) bool {
	must(s.Select(mailbox, nil).Wait())(t)
	there := map[imap.UID]string{}
	for m, err := range s.FetchEach(t.Context(), imap.UIDSet{{Start: 1}}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(m)
		if err != nil {
			t.Fatal(err)
		}
		there[m.UID] = string(text)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Equal(there, p.texts[mailbox])
}

// TestWatchIMAP watches two mailboxes to which mail comes, from which it is expunged, and of
// which one is deleted and made anew, while the server is killed and started, ends sessions and
// refuses, the network cuts, stalls and half closes, and the program ends and begins again: in
// the end its copy is what is on the server, and each message was told once. MAILCONN_FULL
// makes it 1,000 events.
func TestWatchIMAP(t *testing.T) {
	atMailboxes(t, func(t *testing.T, c client) {
		first := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
		if err := first.Create("Other", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		logout(t, first)
		b := newBetween(t, c, policy.IMAP)
		p := newCopied(c, b)
		p.start(t.Context())
		var sent []string
		count := map[string]int{}
		for range events() {
			count[p.act(t, c, b, &sent)]++
			if rand.N(2) == 0 {
				select {
				case <-p.changed:
				case <-time.After(rand.N(100 * time.Millisecond)): // many events change nothing
				}
			}
		}
		b.settle(t)
		p.finish(t, c)
		for _, text := range sent {
			if n := p.told[text]; n > 1 {
				t.Errorf("told %d times: %q", n, text)
			}
		}
		if len(p.cleared) > 0 {
			t.Errorf("in the clear: %q", slices.Compact(p.cleared))
		}
		t.Logf("%d messages, %d resets, %d outages, events %v", len(sent), p.resets, p.downs, count)
	})
}

// finish watches until the copy is complete, and ends.
func (p *copied) finish(t *testing.T, c client) {
	t.Helper()
	s := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
	defer logout(t, s)
	for deadline := time.Now().Add(patience); !p.matches(t, s, "INBOX") || !p.matches(t, s, "Other"); {
		if time.Now().After(deadline) {
			t.Error("the copy does not become what is on the server")
			break
		}
	}
	p.stop()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
}
