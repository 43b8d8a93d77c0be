package imapconn_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
)

// A handler that does not return ends the session when an answer would have been due, and
// is named. Close and Abort do not wait for it.
func TestHandlerBlocks(t *testing.T) {
	player := scripttest.New(t)
	lines := "C: NOOP\nS: * 3 EXISTS\nS: <tag> OK done"
	for _, end := range []string{"time", "Close", "Abort"} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			o := imapconn.Options{ReplyTimeout: replyTime, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
				Mailbox: func(*imapclient.UnilateralDataMailbox) { <-release },
			}}
			client, session := begin(t, player, t.Context(), lines, o)
			failed := make(chan error, 1)
			go func() { failed <- client.Noop().Wait() }()
			synctest.Wait()
			start := time.Now()
			switch end {
			case "Close":
				client.Close()
			case "Abort":
				client.Abort()
			}
			err := <-failed
			if end == "time" && (!errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "handler Mailbox") || time.Since(start) != replyTime) {
				t.Errorf("got %v after %v", err, time.Since(start))
			}
			if over := new(dial.Error); !errors.As(err, &over) || end != "time" && time.Since(start) > time.Second {
				t.Errorf("%s: got %v after %v", end, err, time.Since(start))
			}
			close(release)
			client.Close()
			session.Record()
		})
	}
}

// At most 64 calls of the handler for FETCH run at once, whatever the server says.
func TestHandlersAtOnce(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		calls := make(chan uint32, 1000)
		o := imapconn.Options{ReplyTimeout: replyTime, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Fetch: func(m *imapclient.FetchMessageData) {
				calls <- m.SeqNum
				<-release
			},
		}}
		client, session := begin(t, player, t.Context(), "C: NOOP\nS* 500 * 7 FETCH (FLAGS ())\nS: <tag> OK done", o)
		failed := make(chan error, 1)
		go func() { failed <- client.Noop().Wait() }()
		synctest.Wait()
		if n := len(calls); n != 64 {
			t.Errorf("%d calls at once", n)
		}
		close(release)
		if err := <-failed; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := len(calls); n != 500 {
			t.Errorf("%d calls", n)
		}
		client.Close()
		session.Record()
	})
}

// The time for which the program's handlers hold the reader up is not the server's.
func TestHandlersTakeTheirTime(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		o := imapconn.Options{ReplyTimeout: replyTime, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Fetch: func(*imapclient.FetchMessageData) { <-release },
		}}
		client, session := begin(t, player, t.Context(), "C: NOOP\nC: CREATE *\nS* 66 * 7 FETCH (FLAGS ())\nS: T1 OK done\nS: <tag> OK done", o)
		failed := make(chan error, 2)
		go func() { failed <- client.Noop().Wait() }()
		time.Sleep(replyTime / 2)
		go func() { failed <- client.Create("x", nil).Wait() }()
		time.Sleep(replyTime * 2 / 3)
		close(release)
		for range 2 {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
		client.Close()
		session.Record()
	})
}

// A Notice that panics ends the session, and not the program.
func TestNoticePanics(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		o := imapconn.Options{Notice: func(imapconn.Notice) { panic("of the program") }}
		client, session := begin(t, player, t.Context(), "C: NOOP\nS: * OK [ALERT] soon\nS: <tag> OK done", o)
		client.Noop().Wait()
		synctest.Wait()
		if err := client.Err(); err == nil || !strings.Contains(err.Error(), "handler Notice has panicked: of the program") {
			t.Errorf("Err: %v", err)
		}
		client.Close()
		session.Record()
	})
}

// A handler that panics ends the session, and not the program.
func TestHandlerPanics(t *testing.T) {
	player := scripttest.New(t)
	o := imapconn.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(uint32) { panic("of the program") },
	}}
	synctest.Test(t, func(t *testing.T) {
		client, session := begin(t, player, t.Context(), "C: NOOP\nS: * 3 EXPUNGE\nS: <tag> OK done", o)
		client.Noop().Wait()
		synctest.Wait()
		if err := client.Err(); err == nil || !strings.Contains(err.Error(), "handler Expunge has panicked: of the program") {
			t.Errorf("Err: %v", err)
		}
		client.Close()
		session.Record()
	})
}

// A Notice never holds up the reader, and what it missed is counted.
func TestSlowNotice(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var alerts int
		var rest []string
		o := imapconn.Options{Notice: func(n imapconn.Notice) {
			<-release
			if n.Alert != "" {
				alerts++
			} else {
				rest = append(rest, shown(n))
			}
		}}
		client, session := begin(t, player, t.Context(), "C: NOOP\nS* 3000 * OK [ALERT] soon\nS: <tag> OK done", o)
		if err := client.Noop().Wait(); err != nil {
			t.Error(err)
		}
		close(release)
		synctest.Wait()
		if want := fmt.Sprintf("dropped %d notices, for which there was no room", 3000-alerts); !slices.Equal(rest, []string{want}) || alerts < 1024 {
			t.Errorf("%d alerts, and %q", alerts, rest)
		}
		client.Close()
		session.Record()
	})
}
