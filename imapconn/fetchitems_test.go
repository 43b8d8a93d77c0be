package imapconn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// Everything that can be asked for is asked for, and is the message's.
func TestFetchEachItems(t *testing.T) {
	server := &recorder{answer: func(string) string {
		return `* 4 FETCH (MODSEQ (18446744073) X-GM-LABELS (a "b c") FLAGS (\Seen $Junk) UID 7 RFC822.SIZE 123 INTERNALDATE "02-Jan-2020 03:04:05 +0100" ` +
			`ENVELOPE (NIL "a subject" NIL NIL NIL NIL NIL NIL NIL "<a@b>") BODYSTRUCTURE ("text" "html" NIL NIL NIL "7bit" 12 1))` + "\r\n"
	}}
	c := server.session(t, "CONDSTORE", nil)
	o := &imapconn.FetchOptions{Envelope: true, BodyStructure: true, InternalDate: true, ModSeq: true, NoBody: true, Raw: []string{"x-gm-labels"}}
	var got []string
	for m, err := range c.FetchEach(t.Context(), imap.UIDSetNum(7), o) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(m.SeqNum, m.UID, m.Flags, m.Size, m.Envelope.Subject, m.BodyStructure.MediaType(), m.InternalDate.UTC().Format(" 15:04:05 "), m.ModSeq, m.Raw))
	}
	want := []string{`4 7 [\Seen $Junk] 123a subjecttext/html 02:04:05 18446744073 map[X-GM-LABELS:(a "b c")]`}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	said := []string{"UID FETCH 7 (UID RFC822.SIZE FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE MODSEQ X-GM-LABELS)"}
	if got := server.take(); !slices.Equal(got, said) {
		t.Errorf("said %q", got)
	}
}

// The next batch is under way while the program has a message.
func TestFetchEachAsksAhead(t *testing.T) {
	asked := make(chan string, 10)
	server := &recorder{answer: func(command string) string {
		asked <- command
		if strings.HasPrefix(command, "UID FETCH 1 ") {
			return "* 1 FETCH (UID 1 RFC822.SIZE 1 FLAGS ())\r\n"
		}
		return "* 2 FETCH (UID 2 RFC822.SIZE 1 FLAGS ())\r\n"
	}}
	c := server.session(t, "", nil)
	for m, err := range c.FetchEach(t.Context(), imap.UIDSet{{Start: 1, Stop: 2}}, &imapconn.FetchOptions{NoBody: true, Batch: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		select {
		case command := <-asked:
			if want := fmt.Sprintf("UID FETCH %d ", m.UID); !strings.HasPrefix(command, want) {
				t.Errorf("said %q, want %s", command, want)
			}
		default:
			t.Errorf("message %d was not asked for", m.UID)
		}
		if m.UID > 1 {
			break
		}
		select {
		case command := <-asked:
			asked <- command
		case <-time.After(10 * time.Second):
			t.Error("the next batch is not under way")
		}
	}
}
