package imapconn_test

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/heap"
)

// largeBox answers for a mailbox with every step-th UID up to last.
type largeBox struct {
	last, step int
	limit      int // MESSAGELIMIT; 0: none
	cuts       string
	asked      int // the most messages that a command was answered with
}

// answer answers a command.
func (b *largeBox) answer(command string) string {
	words := strings.Fields(command)
	switch words[0] {
	case "SELECT":
		return fmt.Sprintf("* %d EXISTS\r\n", b.last/b.step)
	case "UIDBATCHES":
		return "* UIDBATCHES (Tag \"x\") " + b.cuts + "\r\n"
	case "UID":
		return b.fetch(words[2], strings.Contains(command, "BODY"))
	}
	return ""
}

func (b *largeBox) fetch(set string, body bool) string {
	var out strings.Builder
	n := 0
	for part := range strings.SplitSeq(set, ",") {
		from, to, isRange := strings.Cut(part, ":")
		if !isRange {
			to = from
		}
		low, high := b.number(from), b.number(to)
		low, high = min(low, high), max(low, high)
		for uid := (low + b.step - 1) / b.step * b.step; uid <= min(high, b.last); uid += b.step {
			if n++; b.limit > 0 && n > b.limit {
				return out.String() + fmt.Sprintf("TAG OK [MESSAGELIMIT %d %d] in part\r\n", b.limit, uid)
			}
			fmt.Fprintf(&out, "* %d FETCH (UID %d RFC822.SIZE 1 FLAGS ()", uid/b.step, uid)
			if body {
				out.WriteString(" BODY[]<0> {1}\r\nx")
			}
			out.WriteString(")\r\n")
		}
	}
	b.asked = max(b.asked, n)
	return out.String()
}

func (b *largeBox) number(text string) int {
	if text == "*" {
		return b.last
	}
	n, _ := strconv.Atoi(text)
	return n
}

// A large mailbox is looked at window by window, whatever its server lists, and each
// message comes once, in order.
func TestFetchEachOfLargeMailboxes(t *testing.T) {
	all, metadata := imap.UIDSet{{Start: 1}}, &imapconn.FetchOptions{NoBody: true, Batch: 500}
	for name, test := range map[string]struct {
		box      largeBox
		caps     string
		uids     imap.UIDSet
		o        *imapconn.FetchOptions
		messages int
		commands int // at most
		asked    int // messages of a command, at most
	}{
		"windows":           {largeBox{last: 50_000, step: 1}, "", all, metadata, 50_000, 120, 20_000},
		"UIDs far apart":    {largeBox{last: 480_000, step: 40}, "", all, metadata, 12_000, 90, 20_000},
		"few":               {largeBox{last: 3_000_000, step: 1_000_000}, "", all, metadata, 3, 5, 3},
		"a limit":           {largeBox{last: 2500, step: 1, limit: 100}, "MESSAGELIMIT=100", all, nil, 2500, 60, 100},
		"a limit not told":  {largeBox{last: 250, step: 1, limit: 100}, "", imap.UIDSet{{Start: 1, Stop: 250}}, metadata, 250, 160, 100},
		"batches":           {largeBox{last: 600_000, step: 20, cuts: "600000:400001,400000:200001,200000:20"}, "UIDBATCHES", all, metadata, 30_000, 90, 10_000},
		"a part":            {largeBox{last: 600_000, step: 20}, "UIDBATCHES", imap.UIDSet{{Start: 100, Stop: 199}}, nil, 5, 3, 5},
		"beyond the last":   {largeBox{last: 40_000, step: 1}, "", imap.UIDSet{{Start: 300_000}}, metadata, 1, 4, 1},
		"named, few there":  {largeBox{last: 90_000, step: 1000}, "", imap.UIDSet{{Start: 1, Stop: 90_000}}, metadata, 90, 12, 90},
		"named, all there":  {largeBox{last: 9_000, step: 1}, "", imap.UIDSet{{Start: 1, Stop: 9_000}}, metadata, 9_000, 18, 500},
		"by default":        {largeBox{last: 9_000, step: 1}, "", imap.UIDSet{{Start: 1, Stop: 9_000}}, &imapconn.FetchOptions{NoBody: true}, 9_000, 45, 200},
		"an empty mailbox":  {largeBox{last: 0, step: 1}, "", all, nil, 0, 2, 0},
		"cuts that are odd": {largeBox{last: 30_000, step: 1, cuts: "x,7:*,900:0,5"}, "UIDBATCHES", all, metadata, 30_000, 80, 30_000},
	} {
		t.Run(name, func(t *testing.T) {
			s := &recorder{answer: test.box.answer}
			c := s.session(t, test.caps, nil)
			if _, err := c.Select("INBOX", nil).Wait(); err != nil {
				t.Fatal(err)
			}
			s.take()
			n, last := 0, imap.UID(0)
			for m, err := range c.FetchEach(t.Context(), test.uids, test.o) {
				if err != nil || m.UID <= last {
					t.Fatalf("UID %d behind %d: %v", m.UID, last, err)
				}
				n, last = n+1, m.UID
			}
			said := s.take()
			if n != test.messages || len(said) > test.commands || test.box.asked > max(test.asked, test.box.limit+1) {
				t.Errorf("%d messages, %d commands, at most %d messages each", n, len(said), test.box.asked)
			}
		})
	}
}

// A server that answers the look in part is an error: no message is left out in silence.
func TestFetchEachOfAPartialLook(t *testing.T) {
	box := largeBox{last: 250, step: 1, limit: 100}
	s := &recorder{answer: box.answer}
	c := s.session(t, "", nil)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := summary(c, t, imap.UIDSet{{Start: 1}}, nil); !strings.Contains(got, "in part") || strings.Contains(got, "=") {
		t.Error(got)
	}
}

// What a loop holds does not grow with the mailbox.
func TestFetchEachIsConstant(t *testing.T) {
	peak := func(last int) (most int64) {
		box := largeBox{last: last, step: 1}
		s := &recorder{answer: box.answer}
		c := s.session(t, "", nil)
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		n := 0
		for m, err := range c.FetchEach(t.Context(), imap.UIDSet{{Start: 1}}, nil) {
			if err == nil {
				_, err = io.Copy(io.Discard, m)
			}
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%10_000 == 0 {
				s.take()
				most = max(most, heap.InUse())
			}
		}
		if n != last {
			t.Errorf("%d messages, want %d", n, last)
		}
		return most
	}
	before := heap.InUse()
	small, large := peak(20_000)-before, peak(50_000)-before
	t.Logf("%d kB, %d kB", small>>10, large>>10)
	if large > 8<<20 { // with what the server is writing
		t.Errorf("%d bytes for 50,000 messages", large)
	}
}
