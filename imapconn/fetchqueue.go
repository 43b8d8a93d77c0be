package imapconn

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/emersion/go-imap/v2"
)

// queue are the messages that a loop has not asked for yet.
type queue struct {
	ranges messageSet // that were not looked at
	open   bool       // they have "*"
	direct bool       // they are asked for without a look at which exist
	sized  []sized    // that exist
	again  messageSet // that are asked for alone, as the server refused a command for many
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
		q.ranges = append(q.ranges, messageRange{min(low, high), max(low, high)})
	}
	q.ranges = q.ranges.normal()
	return q, nil
}

// normal returns the set with its ranges in order, and joined where they touch.
func (s messageSet) normal() messageSet {
	slices.SortFunc(s, func(a, b messageRange) int { return cmp.Compare(a.low, b.low) })
	joined := s[:0]
	for _, r := range s {
		last := len(joined) - 1
		if last >= 0 && uint64(r.low) <= uint64(joined[last].high)+1 {
			joined[last].high = max(joined[last].high, r.high)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// count returns how many numbers are in a set.
func (s messageSet) count() (n uint64) {
	for _, r := range s {
		n += uint64(r.high-r.low) + 1
	}
	return n
}

// appendText appends the set as it stands in a command. "*" is what a range up to the
// greatest number ends with.
func (s messageSet) appendText(b []byte) []byte {
	for i, r := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(r.low), 10)
		if r.high == math.MaxUint32 {
			b = append(b, ":*"...)
		} else if r.high > r.low {
			b = strconv.AppendUint(append(b, ':'), uint64(r.high), 10)
		}
	}
	return b
}

// maxRanges is how many ranges fit into a command.
const maxRanges = maxSetText / len("4294967295:4294967295,")

// cut takes the numbers up to high from the ranges, but no more than n, and no more ranges
// than fit into a command.
func (q *queue) cut(high uint32, n int64) (taken messageSet) {
	for len(q.ranges) > 0 && n > 0 && q.ranges[0].low <= high && len(taken) < maxRanges {
		r := &q.ranges[0]
		last := min(r.high, high)
		if int64(last-r.low) >= n {
			last = r.low + uint32(n) - 1
		}
		taken = append(taken, messageRange{r.low, last})
		n -= int64(last-r.low) + 1
		if last == r.high {
			q.ranges = q.ranges[1:]
		} else {
			r.low = last + 1
		}
	}
	return taken
}

// next takes the messages of a batch: at most so many, with room for as much content as
// is asked for of each. alone says that each is to be asked for by a command of its own.
func (q *queue) next(most int, each int64) (uids messageSet, alone bool) {
	if len(q.again) > 0 {
		uids, q.again = q.again, nil
		return uids, true
	}
	if q.direct {
		return q.cut(math.MaxUint32, int64(most)), false
	}
	left, room := most, int64(batchBytes)
	for len(q.sized) > 0 && left > 0 && room > 0 && len(uids) < maxRanges {
		m := q.sized[0]
		uids.add(m.uid)
		q.sized = q.sized[1:]
		left, room = left-1, room-min(int64(m.size), each)
	}
	return uids, false
}
