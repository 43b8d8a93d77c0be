package interop

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// happens are the events, some of them more often than others.
var happens = []string{
	"mail", "mail", "mail", "mail", "mail", "expunge", "flags", "server", "program", "anew",
	"cut", "stall", "half-open", "BYE", "IDLE refused", "login refused",
}

// act makes one event. sent has the texts so far.
func (p *copied) act(t *testing.T, c client, b *between, sent *[]string) string {
	event := happens[rand.N(len(happens))]
	if slices.Index(happens, event) >= slices.Index(happens, "cut") {
		return b.act(t, event)
	}
	if event == "server" {
		return restart(c.server)
	}
	if event == "program" {
		p.stop()
		if err := <-p.done; err != nil {
			t.Fatal(err)
		}
		p.start(t.Context())
		return event
	}
	s := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
	defer logout(t, s)
	mailbox := []string{"INBOX", "INBOX", "Other"}[rand.N(3)]
	switch event {
	case "mail":
		for range 1 + rand.N(5) {
			text := letter(fmt.Sprint("message ", len(*sent)))
			appendTo(t, s, mailbox, text)
			*sent = append(*sent, text)
		}
	case "anew":
		anew(t, s)
	default:
		flag := map[string]imap.Flag{"expunge": imap.FlagDeleted, "flags": imap.FlagSeen}[event]
		if must(s.Select(mailbox, nil).Wait())(t).NumMessages < 2 {
			return "none"
		}
		must(s.Store(imap.SeqSetNum(1, 2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{flag}}, nil).Collect())(t)
		if event == "expunge" {
			must(s.Expunge().Collect())(t)
		}
	}
	return event
}

// anew deletes a mailbox that is being watched, and makes it anew. A server may hold on to
// it for a moment.
func anew(t *testing.T, s *imapconn.Client) {
	deleted := s.Delete("Other").Wait()
	created := s.Create("Other", nil).Wait()
	for deadline := time.Now().Add(patience); created != nil && strings.Contains(strings.ToLower(created.Error()), "already exists"); {
		if time.Now().After(deadline) {
			t.Fatal(deleted, created)
		}
		deleted, created = s.Delete("Other").Wait(), s.Create("Other", nil).Wait()
	}
	if created != nil {
		t.Fatal(deleted, created)
	}
}
