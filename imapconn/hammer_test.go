package imapconn_test

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// Loops and commands of go-imap's client share a session: each loop has what the server
// has.
func TestLoopsBesideCommands(t *testing.T) {
	texts := append(testMessages(300, 700), testMessages(4, 150<<10)...)
	_, c := mailbox(t, texts...)
	var commands, loops sync.WaitGroup
	var over atomic.Bool
	for i := range 8 {
		commands.Go(func() {
			for n := 0; !over.Load(); n++ {
				if err := oneCommand(c, i+n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 4 {
		loops.Go(func() {
			n := 0
			for m, err := range c.FetchEach(t.Context(), all(), &imapconn.FetchOptions{Batch: 50}) {
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(m)
				if err != nil || string(text) != texts[n] {
					t.Errorf("message %d: %d bytes, %v", m.UID, len(text), err)
				}
				n++
			}
			if n != len(texts) {
				t.Errorf("%d messages, want %d", n, len(texts))
			}
		})
	}
	loops.Wait()
	over.Store(true)
	commands.Wait()
}

// oneCommand sends a command of one kind or another.
func oneCommand(c *imapconn.Client, kind int) error {
	switch kind % 6 {
	case 0:
		return c.Noop().Wait()
	case 1:
		_, err := c.Fetch(imap.SeqSetNum(1, 2, 3), &imap.FetchOptions{Flags: true, UID: true}).Collect()
		return err
	case 2:
		_, err := c.UIDSearch(&imap.SearchCriteria{Body: []string{"nothing"}}, nil).Wait()
		return err
	case 3:
		return c.Store(imap.UIDSetNum(imap.UID(1+kind%50)), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
	case 4:
		_, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait()
		return err
	}
	_, err := c.Fetch(imap.UIDSetNum(5), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect()
	return err
}

// Whatever is under way when a session is aborted comes to its end.
func TestLoopsAndAbort(t *testing.T) {
	texts := testMessages(300, 3000)
	for range 20 {
		_, c := mailbox(t, texts...)
		var running sync.WaitGroup
		for i := range 4 {
			running.Go(func() {
				for n := 0; oneCommand(c, i+n) == nil; n++ {
				}
			})
			running.Go(func() {
				for {
					for m, err := range c.FetchEach(t.Context(), all(), &imapconn.FetchOptions{Batch: 20}) {
						if err != nil && c.Err() == nil {
							t.Errorf("%v", err)
						}
						if err != nil {
							return
						}
						if m.UID == 150 && i == 0 {
							c.Abort()
						}
					}
				}
			})
		}
		running.Wait()
		if c.Err() == nil {
			t.Error("the session stands")
		}
	}
}
