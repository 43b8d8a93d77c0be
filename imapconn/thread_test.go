package imapconn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
)

// How many messages the threads of an answer may have is a matter of Bounds.Line. An
// answer with more costs its command, and not the session.
func TestManyThreads(t *testing.T) {
	const n = 100_000
	var threads strings.Builder
	for i := range n {
		fmt.Fprintf(&threads, "(%d)", i+1)
	}
	player := scripttest.New(t)
	for line, fits := range map[int]bool{0: false, 4 << 20: true} {
		synctest.Test(t, func(t *testing.T) {
			client, session := begin(t, player, t.Context(), "C: THREAD *\nS: * THREAD "+threads.String()+"\nS: <tag> OK done\nC: NOOP\nS: <tag> OK done", imapconn.Options{Bounds: imapconn.Bounds{Line: line}})
			got, err := client.Thread(&imapclient.ThreadOptions{Algorithm: imap.ThreadReferences, SearchCriteria: &imap.SearchCriteria{}}).Wait()
			var refused *imap.Error
			unreadable := errors.As(err, &refused) && refused.Code == imapconn.ResponseCodeUnreadable
			if unreadable == fits || fits && (err != nil || len(got) != n) {
				t.Errorf("Line %d: %d threads, %v", line, len(got), err)
			}
			if err := client.Noop().Wait(); err != nil {
				t.Errorf("Line %d: then %v", line, err)
			}
			client.Close()
			session.Record()
		})
	}
}
