package pop3watch_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/pop3conn"
)

// TestConfused: where the server's replies are not those to the commands, no message is
// deleted that Handle may not have had, what went wrong is told, and in the end each
// message is handled as it is.
func TestConfused(t *testing.T) {
	long := strings.Repeat("x", 10000)
	for name, reply := range map[string]string{ // to RETR of the second message
		"dots are not doubled":       "+OK\nhalf\n.\nthe other half\n.",
		"dots, and a long line":      "+OK\nhalf\n.\n" + long + "\n.",
		"a reply too many":           "+OK\n.\n+OK\nlate\n.",
		"a refusal too many":         "-ERR no\n+OK\nlate\n.",
		"dots, and reply-like lines": "+OK\nhalf\n.\n+OK\nmore\n.",
	} {
		for _, mode := range []string{"pipelined", "lockstep", "last", "last in lockstep", "last, kept"} {
			synctest.Test(t, func(t *testing.T) {
				messages := []mailstore.Message{{ID: "a", Text: "one\r\n"}, {ID: "b", Text: "two\r\n"}, {ID: "c", Text: "three\r\n"}}
				if strings.HasPrefix(mode, "last") {
					messages = messages[:2]
				}
				f := newFixture(messages...)
				f.Options.NoPipelining = strings.HasSuffix(mode, "lockstep")
				f.Refused = func(l pop3conn.Listing, err error) {}
				f.Delete, f.Every = mode != "last, kept", time.Hour
				f.Hook = func(command string) dialtest.Rule {
					var msg int
					if fmt.Sscanf(command, "RETR %d", &msg); msg > 0 && f.Messages()[msg-1].ID == "b" {
						return dialtest.Rule{Reply: reply}
					}
					return dialtest.Rule{}
				}
				if downs := runFor(t, f, 24*time.Hour); len(downs) < 3 {
					t.Errorf("%s, %s: %d outages", name, mode, len(downs))
				}
				synctest.Wait()
				for _, m := range messages {
					if left := strings.Contains(f.left(), m.ID); !left && (m.ID == "b" || !strings.Contains(f.got[m.ID], m.Text)) {
						t.Errorf("%s, %s: %s is deleted, and was handled as %q", name, mode, m.ID, f.got[m.ID])
					}
				}
				f.Hook = nil
				runFor(t, f, 48*time.Hour)
				synctest.Wait()
				for _, m := range messages {
					if !strings.Contains(f.got[m.ID], m.Text) {
						t.Errorf("%s, %s: %s is %q", name, mode, m.ID, f.got[m.ID])
					}
				}
				if f.Delete && f.left() != "[]" || f.told > 3*len(messages) {
					t.Errorf("%s, %s: left %s, %d handled", name, mode, f.left(), f.told)
				}
			})
		}
	}
}
