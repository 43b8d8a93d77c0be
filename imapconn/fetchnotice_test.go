package imapconn_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// What is mended in the messages of a loop is told once, as with any other command; what
// cannot be read is told by its message alone.
func TestNoticesOfALoop(t *testing.T) {
	told := make(chan imapconn.Notice, 10)
	c := answered(t, &imapconn.Options{Notice: func(n imapconn.Notice) { told <- n }}, func(command string) string {
		if command == "NOOP" {
			return "* OK [ALERT] over\r\n"
		}
		said := ""
		for uid := 1; uid <= 3; uid++ {
			said += fmt.Sprintf("* %d  FETCH ( UID %d RFC822.SIZE 3 FLAGS ( \\Seen ))\r\n", uid, uid)
		}
		return said + `* 4 FETCH (UID 4 RFC822.SIZE 3 ENVELOPE (NIL "a"b" NIL NIL NIL NIL NIL NIL NIL "<a@b>"))` + "\r\n"
	})
	n := 0
	for m, err := range c.FetchEach(t.Context(), imap.UIDSet{{Start: 1, Stop: 4}}, &imapconn.FetchOptions{NoBody: true}) {
		if n++; (err != nil) != (m.UID == 4) {
			t.Error(m.UID, err)
		}
	}
	if err := c.Noop().Wait(); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	mended := 0
	for notice := range told {
		switch {
		case notice.Mended != nil && notice.UID == 1 && errors.Is(notice.Mended, policy.ErrMalformed):
			mended++
		case notice.Alert == "over":
			if mended == 0 {
				t.Error("nothing was told of what was mended")
			}
			return
		default:
			t.Errorf("%+v", notice)
		}
	}
}
