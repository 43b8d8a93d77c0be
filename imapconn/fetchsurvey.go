package imapconn

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// How a loop learns which messages exist, and how large they are.
const (
	maxDirect = 100_000 // numbers that a set may stand for whose messages are asked for without a look
	maxSized  = 20_000  // messages that are looked at together: the loop holds 8 bytes of each
	uidBatch  = 10_000  // messages of a window that the server tells the borders of
)

// codeMessageLimit is the code of an answer that does not go as far as the command
// (RFC 9738 §3.1).
const codeMessageLimit = "MESSAGELIMIT"

var errPartial = errors.New("imapconn: the server has answered in part (MESSAGELIMIT)")

// survey decides how the messages are found: at once as they are named, if only metadata
// is wanted; all that exist together; or, in a large mailbox, window by window.
func (f *fetcher) survey() error {
	q := &f.queue
	if len(q.ranges) == 0 {
		return nil
	}
	if q.direct = !q.open && len(f.sections) == 0 && q.ranges.count() <= maxDirect; q.direct {
		return nil
	}
	if selected := f.c.inner.Mailbox(); selected != nil && int64(selected.NumMessages) <= f.window/2 {
		f.window = math.MaxInt64
		return nil
	}
	if q.open {
		if err := f.close(); err != nil {
			return err
		}
	}
	if f.c.lists("UIDBATCHES") && q.ranges.count() > uint64(f.window) {
		return f.askCuts()
	}
	return nil
}

// close learns what "*" stands for, and has the ranges end there.
func (f *fetcher) close() error {
	found, err := f.sizes("*", messageSet{{1, math.MaxUint32}})
	if err != nil {
		return err
	}
	f.queue.open = false
	if len(found) == 0 {
		f.queue.ranges = nil
		return nil
	}
	last := found[len(found)-1].uid
	for i := range f.queue.ranges {
		r := &f.queue.ranges[i]
		r.high = min(r.high, last)
		if r.low > last {
			r.low = last // the range that ends in "*" has the last message, whatever its number
		}
	}
	f.queue.ranges = f.queue.ranges.normal()
	return nil
}

// askCuts has the server say which windows have so many messages each
// (draft-ietf-mailmaint-imap-uidbatches). One that does not is no failure.
func (f *fetcher) askCuts() error {
	size := min(f.window, uidBatch)
	x := new(exchange)
	x.data = func(b []byte, h response.Head) {
		args, ok := readValues(b[h.Args:], f.c.stream.limits)
		if !ok || !strings.EqualFold(string(h.Name(b)), "UIDBATCHES") {
			return
		}
		for _, arg := range args {
			if set, ok := arg.(Atom); ok {
				for _, r := range appendMessageSet(nil, []byte(set)) {
					f.cuts = append(f.cuts, max(r.low, r.high))
				}
			}
		}
	}
	ask := request{command: "UIDBATCHES", text: "UIDBATCHES " + strconv.FormatInt(size, 10)}
	if err := f.c.stream.begin(f.ctx, x, []request{ask}, f.epoch); err != nil {
		return err
	}
	if err := f.c.stream.awaitAnswers(f.ctx, x); err != nil {
		return err
	}
	slices.Sort(f.cuts)
	return nil
}

// fill looks at the next window, when the messages of the last one were asked for.
func (f *fetcher) fill() error {
	q := &f.queue
	for !q.direct && len(q.again) == 0 && len(q.sized) == 0 && len(q.ranges) > 0 {
		text, uids := "", messageSet(nil)
		if f.window == math.MaxInt64 && q.open && len(q.ranges) <= maxRanges {
			// "*" is the last message, whatever its number.
			text, uids = string(q.ranges.appendText(nil)), messageSet{{1, math.MaxUint32}}
			q.ranges, q.open = nil, false
		} else {
			uids = q.cut(f.border(q.ranges[0].low))
			text = string(uids.appendText(nil))
		}
		found, err := f.sizes(text, uids)
		if err != nil {
			return err
		}
		q.sized = found
	}
	return nil
}

// border returns the greatest number of the window that begins with low, and how many
// numbers it may have.
func (f *fetcher) border(low uint32) (high uint32, n int64) {
	if i, _ := slices.BinarySearch(f.cuts, low); i < len(f.cuts) {
		return f.cuts[i], math.MaxInt64
	}
	return math.MaxUint32, f.window
}

// sizes asks which messages of a set there are, and how large they are.
func (f *fetcher) sizes(set string, uids messageSet) (found []sized, err error) {
	x := new(exchange)
	x.take = func(m *message.Fetch, _ error) {
		found = append(found, sized{uint32(m.UID), uint32(min(max(m.Size, 0), math.MaxUint32))})
	}
	ask := request{command: "FETCH", text: "UID FETCH " + set + " (UID RFC822.SIZE)", uids: uids}
	if err := f.c.stream.begin(f.ctx, x, []request{ask}, f.epoch); err != nil {
		return nil, err
	}
	if err := f.c.stream.awaitAnswers(f.ctx, x); err != nil {
		return nil, err
	}
	switch a := x.commands[0].answer; {
	case a.refused != nil:
		return nil, a.refused
	case a.code == codeMessageLimit:
		return nil, errPartial
	}
	slices.SortFunc(found, func(a, b sized) int { return cmp.Compare(a.uid, b.uid) })
	return slices.CompactFunc(found, func(a, b sized) bool { return a.uid == b.uid }), nil
}
