package fetch

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/numset"
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
func (f *Loop) survey() error {
	q := &f.queue
	if len(q.ranges) == 0 {
		return nil
	}
	if q.direct = !q.open && len(f.sections) == 0 && q.ranges.Count() <= maxDirect; q.direct {
		return nil
	}
	if f.isSmall() {
		return nil
	}
	if q.open {
		if err := f.close(); err != nil {
			return err
		}
	}
	if f.Lists("UIDBATCHES") && q.ranges.Count() > uint64(f.window) {
		return f.askCuts()
	}
	return nil
}

// isSmall reports whether all messages of the mailbox are looked at together. How many there
// are may not be known before the first answer to the loop: the client is told of a mailbox
// when the program that has selected it goes on already.
func (f *Loop) isSmall() bool {
	if n, known := f.Messages(); known && int64(n) <= f.window/2 {
		f.window = math.MaxInt64
	}
	return f.window == math.MaxInt64
}

// close learns what "*" stands for, and has the ranges end there.
func (f *Loop) close() error {
	found, err := f.sizes("*", numset.Set{{Low: 1, High: math.MaxUint32}})
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
		r.High = min(r.High, last)
		if r.Low > last {
			r.Low = last // the range that ends in "*" has the last message, whatever its number
		}
	}
	f.queue.ranges = f.queue.ranges.Normal()
	return nil
}

// askCuts has the server say which windows have so many messages each
// (draft-ietf-mailmaint-imap-uidbatches). One that does not is no failure.
func (f *Loop) askCuts() error {
	size := min(f.window, uidBatch)
	x := new(commands.Exchange)
	x.Data = func(b []byte, h response.Head) {
		if !strings.EqualFold(string(h.Name(b)), "UIDBATCHES") {
			return
		}
		for word := range bytes.FieldsSeq(b[h.Args:]) { // a word that is no set has no ranges
			for _, r := range numset.Append(nil, word) {
				f.cuts = append(f.cuts, max(r.Low, r.High))
			}
		}
	}
	ask := commands.Request{Command: "UIDBATCHES", Text: "UIDBATCHES " + strconv.FormatInt(size, 10)}
	if _, err := f.ask(x, ask); err != nil {
		return err
	}
	slices.Sort(f.cuts)
	return nil
}

// fill looks at the next window, when the messages of the last one were asked for.
func (f *Loop) fill() error {
	q := &f.queue
	for !q.direct && len(q.again) == 0 && len(q.sized) == 0 && len(q.ranges) > 0 {
		text, uids := "", numset.Set(nil)
		if f.isSmall() && q.open && len(q.ranges) <= maxRanges {
			// "*" is the last message, whatever its number.
			text, uids = string(q.ranges.AppendText(nil)), numset.Set{{Low: 1, High: math.MaxUint32}}
			q.ranges, q.open = nil, false
		} else {
			high, n := f.border(q.ranges[0].Low)
			uids = q.ranges.Cut(high, n, maxRanges)
			text = string(uids.AppendText(nil))
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
func (f *Loop) border(low uint32) (high uint32, n int64) {
	if i, _ := slices.BinarySearch(f.cuts, low); i < len(f.cuts) {
		return f.cuts[i], math.MaxInt64
	}
	return math.MaxUint32, f.window
}

// sizes asks which messages of a set there are, and how large they are.
func (f *Loop) sizes(set string, uids numset.Set) (found []sized, err error) {
	x := new(commands.Exchange)
	x.Take = func(m *message.Fetch, _ error) bool {
		found = append(found, sized{uint32(m.UID), uint32(min(max(m.Size, 0), math.MaxUint32))})
		return true
	}
	a, err := f.ask(x, commands.Request{Command: "FETCH", Text: "UID FETCH " + set + " (UID RFC822.SIZE)", UIDs: uids})
	switch {
	case err != nil:
		return nil, err
	case a.Refused != nil:
		listed, err := f.listed(set, uids, a.Refused)
		if err != nil {
			return nil, err
		}
		found = append(found, listed...) // those that have a size are there twice, and stay ahead
	case a.Code == codeMessageLimit:
		return nil, errPartial
	}
	slices.SortStableFunc(found, func(a, b sized) int { return cmp.Compare(a.uid, b.uid) })
	return slices.CompactFunc(found, func(a, b sized) bool { return a.uid == b.uid }), nil
}

// listed asks which messages of a set there are when the server has refused to tell their
// sizes: it may be that of one of them which it does not know.
func (f *Loop) listed(set string, uids numset.Set, refused *imap.Error) (found []sized, err error) {
	if refused.Type == imap.StatusResponseTypeBad || isBusy(refused) {
		return nil, refused
	}
	x, seen := new(commands.Exchange), numset.Set{}
	x.Data = func(b []byte, h response.Head) {
		if h.Kind != response.Search {
			return
		}
		for word := range bytes.FieldsSeq(b[h.Args:]) {
			for _, r := range numset.Append(nil, word) {
				if uids.Contains(r.Low) && !seen.Contains(r.Low) { // the server may list what was not asked for
					seen.Add(r.Low)
					found = append(found, sized{r.Low, uint32(f.piece)})
				}
			}
		}
	}
	a, err := f.ask(x, commands.Request{Command: "SEARCH", Text: "UID SEARCH UID " + set})
	switch {
	case err != nil:
		return nil, err
	case a.Refused != nil || a.Code == codeMessageLimit || len(found) == 0:
		return nil, refused
	}
	return found, nil
}

// ask sends a command, and returns the answer.
func (f *Loop) ask(x *commands.Exchange, r commands.Request) (*commands.Answer, error) {
	if err := f.Stream.Begin(f.ctx, x, []commands.Request{r}, f.epoch); err != nil {
		return nil, err
	}
	if err := f.Stream.AwaitAnswers(f.ctx, x); err != nil {
		return nil, err
	}
	return x.Commands[0].Answer, nil
}
