package imapconn

import (
	"bytes"
	"math"
	"sort"
	"strconv"
)

// messageSet is a set of message numbers or UIDs, in ranges that rise and do not
// touch.
type messageSet []messageRange

type messageRange struct{ low, high uint32 }

// parseRange reads a number, or a range as a set has it, in which "*" is the greatest number.
func parseRange(text []byte) (r messageRange, ok bool) {
	from, to, isRange := bytes.Cut(text, []byte(":"))
	low, err := strconv.ParseUint(string(from), 10, 32)
	high := low
	if isRange && string(to) == "*" {
		high = math.MaxUint32
	} else if isRange && err == nil {
		high, err = strconv.ParseUint(string(to), 10, 32)
	}
	return messageRange{uint32(low), uint32(high)}, err == nil
}

// appendMessageSet appends to s what is in a set as go-imap's client writes it: its
// ranges rise. As in that client, "n:*" has all numbers from n on, and "*" and "$" have
// none, as what they stand for is not known.
func appendMessageSet(s messageSet, text []byte) messageSet {
	for part := range bytes.SplitSeq(text, []byte(",")) {
		if r, ok := parseRange(part); ok {
			s = append(s, r)
		}
	}
	return s
}

// find returns the index of the first range that does not end below n.
func (s messageSet) find(n uint32) int {
	if last := len(s) - 1; last >= 0 && s[last].low <= n { // numbers mostly rise
		if s[last].high >= n {
			return last
		}
		return len(s)
	}
	return sort.Search(len(s), func(i int) bool { return s[i].high >= n })
}

func (s messageSet) contains(n uint32) bool {
	i := s.find(n)
	return i < len(s) && s[i].low <= n
}

// add adds a number that is not in the set, and returns how many ranges had to be
// moved for it.
func (s *messageSet) add(n uint32) (moved int) {
	set := *s
	i := set.find(n)
	below := i > 0 && set[i-1].high == n-1
	above := i < len(set) && set[i].low == n+1
	switch {
	case below && above:
		set[i-1].high = set[i].high
		*s = append(set[:i], set[i+1:]...)
		return len(set) - i
	case below:
		set[i-1].high = n
	case above:
		set[i].low = n
	default:
		*s = append(set, messageRange{})
		copy((*s)[i+1:], set[i:])
		(*s)[i] = messageRange{n, n}
		return len(set) - i
	}
	return 0
}
