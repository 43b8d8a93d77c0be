package interop

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// TestWatchNotify watches three mailboxes of Dovecot over one connection, long before they
// would be asked for: what comes into each, and is expunged, is told all the same.
func TestWatchNotify(t *testing.T) {
	t.Parallel()
	lab := servers.New(t)
	c := newClient(t, lab, lab.Dovecot(), servers.Alice)
	s := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
	defer logout(t, s)
	if !s.Caps().Has(imap.CapNotify) {
		t.Fatal("Dovecot lists no NOTIFY")
	}
	names := []string{"INBOX", "Sent", "Lists and more"}
	for _, name := range names[1:] {
		if err := s.Create(name, nil).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	p := newCopied(c, newBetween(t, c, policy.IMAP))
	told := make(chan string, 100)
	p.config.Mailboxes, p.config.Poll, p.config.Recheck, p.config.MinDelay = names, time.Hour, time.Hour, 10*time.Millisecond
	p.config.Options.ReplyTimeout = 10 * time.Second
	p.config.Handle = func(_ context.Context, _ *imapconn.Client, c imapwatch.Change) error {
		told <- fmt.Sprintf("%s: %v new, %v gone", c.Mailbox, c.New, c.Vanished)
		return nil
	}
	p.start(t.Context())
	for n := range 5 {
		for _, name := range names {
			appendTo(t, s, name, letter(fmt.Sprint("message ", n)))
			want(t, told, fmt.Sprintf("%s: %d new,  gone", name, n+1))
		}
	}
	for _, name := range names {
		must(s.Select(name, nil).Wait())(t)
		must(s.Store(imap.SeqSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Collect())(t)
		must(s.Expunge().Collect())(t)
		want(t, told, name+":  new, 2 gone")
	}
	p.stop()
	if err := <-p.done; err != nil || p.downs > 0 {
		t.Errorf("%v, %d outages", err, p.downs)
	}
}

// want fails unless this is told. That flags have changed may be told before.
func want(t *testing.T, told chan string, change string) {
	t.Helper()
	for {
		select {
		case got := <-told:
			if got == change {
				return
			}
			if !strings.HasSuffix(got, ":  new,  gone") {
				t.Errorf("told %q, want %q", got, change)
			}
		case <-time.After(patience):
			t.Fatalf("not told: %q", change)
		}
	}
}
