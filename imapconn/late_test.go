package imapconn_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
)

// A command that begins while the session ends, or after that, fails with the reason, at
// whatever moment it comes.
func TestLateCommands(t *testing.T) {
	player := scripttest.New(t)
	commands := []func(c *imapconn.Client) error{
		func(c *imapconn.Client) error { return c.Noop().Wait() },
		func(c *imapconn.Client) error { return last(c.List("", "*", nil).Collect()) },
		func(c *imapconn.Client) error { return last(c.Fetch(imap.SeqSetNum(1), nil).Collect()) },
		func(c *imapconn.Client) error {
			return last(c.Status("x", &imap.StatusOptions{NumMessages: true}).Wait())
		},
		func(c *imapconn.Client) error { return last(c.UIDSearch(&imap.SearchCriteria{}, nil).Wait()) },
	}
	lines := ""
	for _, command := range []string{"NOOP", "LIST *", "FETCH *", "STATUS *", "UID SEARCH *"} {
		lines += "C: " + command + "\nS: <tag> OK done\n"
	}
	for round := range 50 {
		client, session := begin(t, player, t.Context(), lines, imapconn.Options{})
		var running sync.WaitGroup
		for _, do := range commands {
			running.Go(func() {
				var err error
				for n := 0; n < 1000 && err == nil; n++ {
					err = do(client)
				}
				checkLate(t, err)
			})
		}
		if round%2 == 0 {
			client.Close()
		} else {
			client.Abort()
		}
		running.Wait()
		for _, do := range commands {
			checkLate(t, do(client))
		}
		session.Record()
	}
}

func checkLate(t *testing.T, err error) {
	var over *dial.Error
	if !errors.As(err, &over) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("a late command: %v", err)
	}
}

// What depends on go-imap: a command that was sent ahead of an IDLE, and is not answered
// when the session ends, fails with an error of the client's, and Err has the reason. It
// fails at once, and the IDLE with the reason.
func TestAheadOfIdle(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		client, session := begin(t, player, t.Context(), "C: NOOP\nC: IDLE\nS: + idling", imapconn.Options{})
		ahead := client.Noop()
		idle, err := client.Idle()
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		client.Abort()
		if err := ahead.Wait(); err != io.ErrUnexpectedEOF {
			t.Errorf("the command ahead: %v", err) // if it is the reason: doc.go says otherwise
		}
		checkLate(t, idle.Wait())
		checkLate(t, client.Err())
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %v", took)
		}
		client.Close()
		session.Record()
	})
}
