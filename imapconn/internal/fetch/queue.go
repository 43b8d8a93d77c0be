package fetch

import (
	"cmp"
	"math"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/numset"
)

// queue are the messages that a loop has not asked for yet.
type queue struct {
	ranges numset.Set   // that were not looked at
	open   bool         // they have "*"
	direct bool         // they are asked for without a look at which exist
	sized  []sized      // that exist
	again  []numset.Set // that are asked for in fewer at once, as the server refused a command for many
}

// sized is a message whose size is known.
type sized struct{ uid, size uint32 }

// newQueue returns what a set of the program's stands for.
func newQueue(uids imap.UIDSet) (q queue, err error) {
	if imap.IsSearchRes(uids) {
		return q, errUIDs
	}
	for _, r := range uids {
		low, high := uint32(r.Start), uint32(r.Stop)
		if low == 0 || high == 0 {
			q.open = true
			low, high = cmp.Or(min(low, high), max(low, high), math.MaxUint32), math.MaxUint32
		}
		q.ranges = append(q.ranges, numset.Range{Low: min(low, high), High: max(low, high)})
	}
	q.ranges = q.ranges.Normal()
	return q, nil
}

// maxRanges is how many ranges fit into a command.
const maxRanges = commands.MaxLine / len("4294967295:4294967295,")

// next takes the messages of a batch, in a set for each command: at most so many, with room
// for as much content as is asked for of each. again says that they were asked for before, with
// others.
func (q *queue) next(most int, each int64) (sets []numset.Set, again bool) {
	if len(q.again) > 0 {
		sets, q.again = q.again, nil
		return sets, true
	}
	var uids numset.Set
	if q.direct && len(q.sized) == 0 {
		uids = q.ranges.Cut(math.MaxUint32, int64(most), maxRanges)
	}
	left, room := most, int64(batchBytes)
	for len(q.sized) > 0 && left > 0 && room > 0 && len(uids) < maxRanges {
		m := q.sized[0]
		uids.Add(m.uid)
		q.sized = q.sized[1:]
		left, room = left-1, room-min(int64(m.size), each)
	}
	if len(uids) == 0 {
		return nil, false
	}
	return []numset.Set{uids}, false
}
