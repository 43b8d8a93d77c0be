package interop

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// oddMessages are messages as strangers write them.
var oddMessages = []string{
	"",
	"\r\n",
	"no header at all",
	"Subject: a\x00b\r\n\r\nc\x00d",
	"Subject: gr\xfc\xdfe\r\nFrom: \"J\xf6rg\" <joe@a.test>\r\n\r\n\xff\xfe",
	"From: \"a \"quoted\" name\" <joe@a.test>\r\nSubject: \"say \\\"hi\\\"\r\n\r\nx",
	"Message-ID: <1@a.test> " + strings.Repeat("(", 20000) + "\r\n\r\nx",
	"To: " + strings.Repeat("joe@a.test, ", 3000) + "x@a.test\r\n\r\nx",
	"Subject: " + strings.Repeat("=?utf-8?q?a?= ", 2000) + "\r\n\r\nx",
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text\r\n\r\n--x",
	"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nnot a header",
	"MIME-Version: 1.0\r\nContent-Type: application/x; name=\"a\\\"b\"; name*=utf-8''%ff; =x; y\r\nContent-Disposition: \"\"; filename=\r\n\r\nx",
	"Date: yesterday\r\nIn-Reply-To: what you said <\r\nReferences: <<>>\r\n\r\nx",
	nested(60),
}

// nested returns a message of multiparts, one in the other.
func nested(depth int) string {
	var s strings.Builder
	s.WriteString("MIME-Version: 1.0\r\n")
	for i := range depth {
		fmt.Fprintf(&s, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return s.String() + "Content-Type: text/plain\r\n\r\nx\r\n"
}

// TestOddMailbox fills a mailbox with odd messages, and fetches all that a mail client
// shows of them. Every message must come, and the session go on.
func TestOddMailbox(t *testing.T) {
	n := 500
	if os.Getenv("MAILCONN_FULL") != "" {
		n = 10000
	}
	atMailboxes(t, func(t *testing.T, c client) {
		s := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
		defer s.Close()
		fillOdd(t, s, n)
		checkOdd(t, s)
		logout(t, s)
	})
}

// fillOdd appends n messages. A server may refuse one, which costs that one.
func fillOdd(t *testing.T, s *imapconn.Client, n int) {
	refused := 0
	for i := range n {
		text := fmt.Sprintf("X-Number: %d\r\n", i) + oddMessages[i%len(oddMessages)]
		if tryAppend(s, "INBOX", text) != nil {
			refused++
		}
	}
	if s.Err() != nil || refused > n/2 {
		t.Fatalf("%d of %d refused; Err: %v", refused, n, s.Err())
	}
	t.Logf("%d of %d messages refused", refused, n)
}

func checkOdd(t *testing.T, s *imapconn.Client) {
	box := must(s.Select("INBOX", nil).Wait())(t)
	all := imap.SeqSet{{Start: 1, Stop: 0}}
	for what, o := range map[string]*imap.FetchOptions{
		"metadata": {UID: true, Flags: true, Envelope: true, InternalDate: true, RFC822Size: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}},
		"bodies":   {UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}},
	} {
		found := 0
		cmd := s.Fetch(all, o)
		for message := cmd.Next(); message != nil; message = cmd.Next() {
			if m, err := message.Collect(); err != nil || m.UID == 0 {
				t.Errorf("%s of %d: %v", what, message.SeqNum, err)
			}
			found++
		}
		if err := cmd.Close(); err != nil || found != int(box.NumMessages) || found == 0 {
			t.Errorf("%s: %d of %d messages: %v", what, found, box.NumMessages, err)
		}
	}
}
