package notice_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/policy"
)

// Notices come in their order and one at a time, and telling one does not wait for the
// program. Those for which there is no room are counted.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		running := false
		q := &notice.Queue{Func: func(n notice.Notice) {
			if running {
				t.Error("two calls overlap")
			}
			running = true
			time.Sleep(time.Second)
			running = false
			if n.Dropped != nil {
				n.Alert = n.Dropped.Error()
			}
			got = append(got, n.Alert)
		}}
		start := time.Now()
		for i := range 2000 {
			q.Tell(notice.Notice{Alert: fmt.Sprint(i)})
			if i == 0 {
				synctest.Wait() // the program has the first
			}
		}
		if time.Since(start) > 0 {
			t.Error("the program was waited for")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		const kept = 1 + 1024
		if len(got) != kept+1 || got[kept-1] != fmt.Sprint(kept-1) || !slices.Contains(got, fmt.Sprintf("imapconn: %d notices, for which there was no room", 2000-kept)) {
			t.Errorf("%d notices, the last %q", len(got), got[len(got)-2:])
		}
		q.Tell(notice.Notice{Alert: "again"})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got[len(got)-1] != "again" {
			t.Error("the queue has stopped")
		}
	})
}

// What was mended, and what is unknown, is told once for each kind; what cannot be read is
// told each time, with its message. A server cannot make more than some kinds.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []notice.Notice
		q := &notice.Queue{Func: func(n notice.Notice) { got = append(got, n) }}
		tell := func(class mend.Class, what string) {
			q.Faults([]mend.Fault{{Class: class, What: what, Words: []byte(strings.Repeat("x", 200))}}, 3, 7)
			synctest.Wait()
		}
		for range 2 {
			tell(mend.Mended, "blanks")
			tell(mend.Unfamiliar, "blanks")
			tell(mend.Unreadable, "ENVELOPE")
		}
		var violation *policy.Violation
		switch {
		case len(got) != 4:
			t.Fatalf("%d notices: %v", len(got), got)
		case got[0].Mended == nil || got[1].Dropped == nil || errors.As(got[1].Dropped, &violation):
			t.Errorf("told %v and %v", got[0], got[1])
		case got[2].Dropped == nil || !errors.Is(got[3].Dropped, policy.ErrMalformed) || got[3].SeqNum != 3 || got[3].UID != 7:
			t.Errorf("told %v and %v", got[2], got[3])
		}
		for i := range 1000 {
			tell(mend.Unfamiliar, fmt.Sprint("response X", i))
		}
		if len(got) > 300 {
			t.Errorf("%d notices", len(got))
		}
	})
}

// Without a program to tell, nothing is kept.
func TestNoFunc(t *testing.T) {
	var q *notice.Queue
	q.Tell(notice.Notice{Alert: "x"})
	q.Faults([]mend.Fault{{Class: mend.Unreadable, What: "x"}}, 1, 1)
}
