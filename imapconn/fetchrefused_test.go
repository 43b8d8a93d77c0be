package imapconn_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// refusingBox answers for a mailbox with the UIDs from 1 to last.
type refusingBox struct {
	last     int
	sizes    string         // said to each question for sizes, in place of OK
	unsized  int            // a message that has none; 0: none
	refused  map[int]string // what is said to each command for the content of a message
	item     string         // of each message
	odd      string         // what SEARCH lists besides
	fetches  int            // commands
	searches int
}

// numbers returns the numbers of the mailbox that are in a set.
func (b *refusingBox) numbers(set string) (all []int) {
	for part := range strings.SplitSeq(set, ",") {
		from, to, isRange := strings.Cut(part, ":")
		low, _ := strconv.Atoi(from)
		high, err := strconv.Atoi(to)
		if !isRange {
			high = low
		} else if err != nil {
			high = b.last
		}
		for n := max(1, low); n <= min(high, b.last); n++ {
			all = append(all, n)
		}
	}
	return all
}

func (b *refusingBox) answer(command string) string {
	words := strings.Fields(command)
	var out strings.Builder
	switch {
	case words[0] != "UID":
	case words[1] == "SEARCH":
		b.searches++
		return "* SEARCH " + strings.Trim(fmt.Sprint(b.numbers(words[3])), "[]") + b.odd + "\r\n"
	case strings.Contains(command, "(UID RFC822.SIZE)"):
		for _, n := range b.numbers(words[2]) {
			if n != b.unsized {
				fmt.Fprintf(&out, "* %d FETCH (UID %d RFC822.SIZE 1)\r\n", n, n)
			}
		}
		out.WriteString(b.sizes)
	default:
		b.fetches++
		for _, n := range b.numbers(words[2]) {
			if no := b.refused[n]; no != "" {
				return no
			}
			fmt.Fprintf(&out, "* %d FETCH (UID %d RFC822.SIZE 1 FLAGS () %s)\r\n", n, n, b.item)
		}
	}
	return out.String()
}

// uidsOf returns the UIDs that a loop brings, and those of its errors.
func uidsOf(t *testing.T, c *imapconn.Client, uids imap.UIDSet, o *imapconn.FetchOptions) (got []imap.UID, failed []string) {
	t.Helper()
	for m, err := range c.FetchEach(t.Context(), uids, o) {
		if err != nil {
			failed = append(failed, err.Error())
			continue
		}
		got = append(got, m.UID)
	}
	if err := c.Noop().Wait(); err != nil {
		t.Errorf("the session does not go on: %v", err)
	}
	return got, failed
}

// One message that the server refuses is found with few commands, and costs itself. A server
// that refuses everything for the moment ends the loop, with few commands as well.
func TestFetchEachRefused(t *testing.T) {
	const n = 200
	every := map[int]string{}
	for i := range n {
		every[i+1] = "TAG NO [LIMIT] too often\r\n"
	}
	for name, test := range map[string]struct {
		box      refusingBox
		got      int
		failed   string // the last error
		searches int
		most     int // commands
	}{
		"none":              {refusingBox{}, n, "", 0, 1},
		"one":               {refusingBox{refused: map[int]string{137: "TAG NO [UNAVAILABLE] odd\r\n"}}, n - 1, "UID 137: imap: NO [UNAVAILABLE] odd", 0, 35},
		"one, with LIMIT":   {refusingBox{refused: map[int]string{137: "TAG NO [LIMIT] odd\r\n"}}, n - 1, "UID 137: imap: NO [LIMIT] odd", 0, 35},
		"two":               {refusingBox{refused: map[int]string{1: "TAG NO odd\r\n", 200: "TAG NO odd\r\n"}}, n - 2, "UID 200: imap: NO odd", 0, 60},
		"all":               {refusingBox{refused: every}, 0, "imap: NO [LIMIT] too often", 0, 17},
		"a size":            {refusingBox{unsized: 3, sizes: "TAG NO [SERVERBUG] one failed\r\n"}, n, "", 1, 1},
		"a size, and all":   {refusingBox{unsized: 3, sizes: "TAG NO one failed\r\n", refused: map[int]string{3: "TAG NO odd\r\n"}}, n - 1, "UID 3: imap: NO odd", 1, 35},
		"sizes, for now":    {refusingBox{sizes: "TAG NO [INUSE] locked\r\n"}, 0, "imap: NO [INUSE] locked", 0, 0},
		"sizes, as unknown": {refusingBox{sizes: "TAG BAD what\r\n"}, 0, "imap: BAD what", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			box := test.box
			box.last, box.item = n, "BODY[]<0> {1}\r\nx"
			c := answered(t, nil, box.answer)
			got, failed := uidsOf(t, c, imap.UIDSet{{Start: 1, Stop: n}}, nil)
			slices.Sort(got)
			if len(slices.Compact(got)) != test.got || !strings.HasSuffix(strings.Join(failed, " "), test.failed) || test.failed == "" && len(failed) > 0 {
				t.Errorf("%d messages, %q", len(got), failed)
			}
			if box.fetches > test.most || box.searches != test.searches {
				t.Errorf("%d commands for contents, %d searches", box.fetches, box.searches)
			}
		})
	}
}

// A loop brings what it was asked for, each message once, whatever a server lists when it has
// refused to tell sizes.
func TestFetchEachListedBeside(t *testing.T) {
	box := refusingBox{last: 900, sizes: "TAG NO one failed\r\n", item: "BODY[]<0> {1}\r\nx", odd: " 0 1 2 6 6 900 4294967295"}
	c := answered(t, nil, box.answer)
	got, failed := uidsOf(t, c, imap.UIDSet{{Start: 5, Stop: 7}}, nil)
	if fmt.Sprint(got) != "[5 6 7]" || len(failed) > 0 || box.searches != 1 {
		t.Errorf("%v, %q", got, failed)
	}
}

// After messages with long headers, for which batches were made smaller, they grow again.
func TestFetchEachAfterLongHeaders(t *testing.T) {
	const n, long = 1000, 40
	envelope := `ENVELOPE (NIL "x" NIL NIL NIL (` + strings.Repeat(`(NIL NIL "somebody" "example.org")`, 900) + `) NIL NIL NIL "<a@b>")`
	box, commands := refusingBox{last: n}, 0
	c := answered(t, &imapconn.Options{Bounds: imapconn.Bounds{Line: 64 << 10}}, func(command string) string {
		if !strings.Contains(command, "ENVELOPE") {
			return box.answer(command)
		}
		commands++
		var out strings.Builder
		for _, i := range box.numbers(strings.Fields(command)[2]) {
			item := "ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
			if i <= long {
				item = envelope
			}
			fmt.Fprintf(&out, "* %d FETCH (UID %d RFC822.SIZE 1 FLAGS () %s)\r\n", i, i, item)
		}
		return out.String()
	})
	got, failed := uidsOf(t, c, imap.UIDSet{{Start: 1, Stop: n}}, &imapconn.FetchOptions{NoBody: true, Envelope: true})
	if len(got) != n || !slices.IsSorted(got) || len(failed) > 0 || commands > 20 {
		t.Errorf("%d messages in %d commands, %q", len(got), commands, failed)
	}
}

// If all the messages of a batch that there was room for may have been expunged, they and the
// others are asked for again.
func TestFetchEachSuspectsAlone(t *testing.T) {
	const n = 40
	envelope := `ENVELOPE (NIL "x" NIL NIL NIL (` + strings.Repeat(`(NIL NIL "somebody" "example.org")`, 30) + `) NIL NIL NIL "<a@b>")`
	box, commands := refusingBox{last: n}, 0
	c := answered(t, &imapconn.Options{Bounds: imapconn.Bounds{Line: 2 << 10}}, func(command string) string {
		if !strings.Contains(command, "ENVELOPE") {
			return box.answer(command)
		}
		var out strings.Builder
		for _, i := range box.numbers(strings.Fields(command)[2]) {
			if commands == 0 && i <= n/2 {
				fmt.Fprintf(&out, "* %d FETCH (UID %d RFC822.SIZE 0 FLAGS () %s)\r\n", i, i, envelope)
			} else {
				fmt.Fprintf(&out, "* %d FETCH (UID %d RFC822.SIZE 1 FLAGS () %s)\r\n", i, i, envelope)
			}
		}
		if commands++; commands == 1 {
			out.WriteString("TAG OK [EXPUNGEISSUED] some are gone\r\n")
		}
		return out.String()
	})
	got, failed := uidsOf(t, c, imap.UIDSet{{Start: 1, Stop: n}}, &imapconn.FetchOptions{NoBody: true, Envelope: true})
	slices.Sort(got)
	if got = slices.Compact(got); len(got) != n || len(failed) > 0 {
		t.Errorf("%d messages in %d commands: %v, %q", len(got), commands, got, failed)
	}
}

// Messages with long headers, which anybody may send, take room: those that there is none for
// are asked for again, also in the middle of a mailbox and behind a loop that was left.
func TestFetchEachOfLongHeaders(t *testing.T) {
	const n = 200
	box := refusingBox{last: n, item: `ENVELOPE (NIL "x" NIL NIL NIL (` + strings.Repeat(`(NIL NIL "somebody" "example.org")`, 300) + `) NIL NIL NIL "<a@b>")`}
	c := answered(t, &imapconn.Options{Bounds: imapconn.Bounds{Line: 64 << 10}}, box.answer)
	o := &imapconn.FetchOptions{NoBody: true, Envelope: true}
	got, failed := uidsOf(t, c, imap.UIDSet{{Start: 1, Stop: n}}, o)
	if len(got) != n || !slices.IsSorted(got) || len(failed) > 0 || box.fetches > 4 {
		t.Errorf("%d messages in %d commands, %q", len(got), box.fetches, failed)
	}
	for range c.FetchEach(t.Context(), imap.UIDSet{{Start: 1, Stop: n}}, o) {
		break
	}
	if err := c.Noop().Wait(); err != nil {
		t.Error(err)
	}
}
