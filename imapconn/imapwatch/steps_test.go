package imapwatch_test

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// TestEveryStep has one command after another of a watch be answered otherwise than it
// should be. Run goes on, and each message is told once. Only MAILCONN_FULL tries all of it.
func TestEveryStep(t *testing.T) {
	faults := []dialtest.Rule{{Reply: "NO not now"}, {Reply: "BAD what"}, {Reply: "OK fine"}}
	servers, every := [][]string{plain}, 4
	if os.Getenv("MAILCONN_FULL") != "" {
		faults = append(faults, dialtest.Rule{Reply: "OK [X"}, dialtest.Rule{Reply: "* BYE x", End: dialtest.EndClose},
			dialtest.Rule{Bytes: -1, End: dialtest.EndClose}, dialtest.Rule{Bytes: 30, End: dialtest.EndClose},
			dialtest.Rule{End: dialtest.EndStall}, dialtest.Rule{Reply: "NO x", End: dialtest.EndClose})
		servers, every = append(servers, nil, []string{"IDLE"}), 1
	}
	for _, without := range servers {
		for i, fault := range faults {
			for step := i % every; disturbed(t, without, fault, step) && !t.Failed(); step += every {
			}
		}
	}
}

// disturbed runs a watch in which a command is answered with a fault, and reports whether
// there was such a command.
func disturbed(t *testing.T, without []string, fault dialtest.Rule, step int) (was bool) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}, Without: without}, func(f *fixture) {
		archive, disturbed := f.create("Archive"), ""
		archive.Deliver(letter(11), letter(12))
		f.Mailboxes = []string{"INBOX", "Archive"}
		f.Handle = imapwatch.EachMessage(nil, f.keep)
		f.order(dialtest.Rule{At: "*", Choose: nth(step, fault, &disturbed)})
		f.run(func() {
			time.Sleep(10 * time.Minute)
			f.srv.Deliver(letter(4))
			archive.Deliver(letter(13))
			time.Sleep(10 * time.Minute)
			f.srv.Deliver(letter(5))
			f.srv.Store().Inbox().SetFlags(2, `\Seen`)
			time.Sleep(2 * time.Hour)
			f.complete()
		})
		if was = disturbed != ""; t.Failed() {
			t.Logf("without %q, %q was answered with %q, and then %d", without, disturbed, fault.Reply, fault.End)
		}
	})
	return was
}

// nth chooses a fault for one of the commands behind the login, which command is then set to.
func nth(step int, fault dialtest.Rule, command *string) func(dialtest.Moment) dialtest.Rule {
	var mu sync.Mutex
	return func(m dialtest.Moment) dialtest.Rule {
		mu.Lock()
		defer mu.Unlock()
		switch word, _, _ := strings.Cut(m.Command, " "); word {
		case "SELECT", "STATUS", "UID", "NOOP", "IDLE":
		default:
			return dialtest.Rule{}
		}
		if step--; step != -1 {
			return dialtest.Rule{}
		}
		*command = m.Command
		return fault
	}
}

// keep has EachMessage keep a copy of each message.
func (f *fixture) keep(_ context.Context, m *imapwatch.Message) error {
	text, err := io.ReadAll(m)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.has[key(m.Mailbox, m.UID)] = string(text)
	f.told[string(text)]++
	return nil
}
