package imapconn

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/internal/line/imap/message"
)

// maxUnsized is how many numbers a set may stand for whose messages are asked for without
// a look at which exist.
const maxUnsized = 100_000

// queue are the messages that a loop has not asked for yet.
type queue struct {
	ranges messageSet // that were not looked at
	open   bool       // they have "*"
	sized  []sized    // that exist
	again  messageSet // that are asked for alone, as the server refused a command for many
}

// sized is a message whose size is known.
type sized struct{ uid, size uint32 }

// newQueue returns what a set of the program's stands for.
func newQueue(uids imap.UIDSet) (t queue, err error) {
	if imap.IsSearchRes(uids) {
		return t, errUIDs
	}
	for _, r := range uids {
		low, high := uint32(r.Start), uint32(r.Stop)
		if low == 0 || high == 0 {
			t.open = true
			low, high = cmp.Or(min(low, high), max(low, high), math.MaxUint32), math.MaxUint32
		}
		t.ranges = append(t.ranges, messageRange{min(low, high), max(low, high)})
	}
	t.ranges = t.ranges.normal()
	return t, nil
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

// part is a part of a set that fits into a command.
type part struct {
	text string
	uids messageSet
}

// parts cuts the ranges. "*" is the last message, whatever its number.
func (t *queue) parts() (all []part) {
	const perPart = maxSetText / len("4294967295:4294967295,")
	for ranges := range slices.Chunk(t.ranges, perPart) {
		p := part{text: string(ranges.appendText(nil)), uids: ranges}
		if ranges[len(ranges)-1].high == math.MaxUint32 {
			p.uids = messageSet{{1, math.MaxUint32}}
		}
		all = append(all, p)
	}
	return all
}

// next takes the messages of a batch: at most so many, with room for as much content as
// is asked for of each. alone says that each is to be asked for by a command of its own.
func (t *queue) next(most int, each int64) (uids messageSet, alone bool) {
	if len(t.again) > 0 {
		uids, t.again = t.again, nil
		return uids, true
	}
	const maxRanges = maxSetText / len("4294967295:4294967295,")
	left, room := most, int64(batchBytes)
	for len(t.ranges) > 0 && left > 0 && len(uids) < maxRanges {
		r := &t.ranges[0]
		n := min(uint32(left)-1, r.high-r.low)
		uids = append(uids, messageRange{r.low, r.low + n})
		left -= int(n) + 1
		if r.low+n == r.high {
			t.ranges = t.ranges[1:]
		} else {
			r.low += n + 1
		}
	}
	for len(t.sized) > 0 && left > 0 && room > 0 && len(uids) < maxRanges {
		m := t.sized[0]
		uids.add(m.uid)
		t.sized = t.sized[1:]
		left, room = left-1, room-min(int64(m.size), each)
	}
	return uids, false
}

// sizing is an exchange that requests which messages there are.
type sizing struct {
	exchange
	found []sized
}

func (s *sizing) add(f *message.Fetch, _ error) {
	s.found = append(s.found, sized{uint32(f.UID), uint32(min(max(f.Size, 0), math.MaxUint32))})
}
