package imapconn_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// As of UNAUTHENTICATE nothing is enabled, nothing is selected, and what the server listed
// ahead of it is not relied on (RFC 8437).
func TestUnauthenticate(t *testing.T) {
	refuses := true
	s := &recorder{answer: func(command string) string {
		switch {
		case strings.HasPrefix(command, "ENABLE"):
			return "* ENABLED UTF8=ACCEPT\r\n"
		case strings.HasPrefix(command, "UNAUTHENTICATE") && refuses:
			return "TAG NO not now\r\n"
		case strings.HasPrefix(command, "UID FETCH"):
			var uid int
			fmt.Sscanf(command, "UID FETCH %d", &uid)
			return fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 1)\r\n", uid, uid)
		}
		return ""
	}}
	c := s.session(t, "LITERAL+ UNAUTHENTICATE ENABLE UTF8=ACCEPT", nil)
	say := func(want string) {
		t.Helper()
		s.take()
		if _, err := c.Do(t.Context(), "X", imapconn.MailboxName("Entwürfe"), []byte("x")); err != nil {
			t.Fatal(err)
		}
		if said := s.take(); !slices.Contains(said, want) { // go-imap may ask for capabilities beside it
			t.Errorf("said %q, want %q", said, want)
		}
	}
	if _, err := c.Enable(imap.CapUTF8Accept).Wait(); err != nil {
		t.Fatal(err)
	}
	say("X \"Entwürfe\" {1+}\r\nx")
	if err := c.Unauthenticate().Wait(); err == nil {
		t.Fatal("not refused")
	}
	say("X \"Entwürfe\" {1+}\r\nx")
	refuses = false
	var last error
	o := &imapconn.FetchOptions{NoBody: true, Batch: 1}
	for _, err := range c.FetchEach(t.Context(), imap.UIDSet{{Start: 1, Stop: 9}}, o) {
		if last = err; err == nil {
			if err := c.Unauthenticate().Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(last, imapconn.ErrMailboxChanged) {
		t.Error(last)
	}
	say("X \"Entw&APw-rfe\" {1}\r\nx")
}
