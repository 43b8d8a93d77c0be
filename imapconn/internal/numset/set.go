package numset

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"sort"
	"strconv"
)

// Set is a set of message numbers or UIDs, in ranges that rise and do not
// touch.
type Set []Range

// Range is the numbers from Low to High.
type Range struct{ Low, High uint32 }

// ParseRange reads a number, or a range as a set has it, in which "*" is the greatest number.
func ParseRange(text []byte) (r Range, ok bool) {
	from, to, isRange := bytes.Cut(text, []byte(":"))
	low, err := strconv.ParseUint(string(from), 10, 32)
	high := low
	if isRange && string(to) == "*" {
		high = math.MaxUint32
	} else if isRange && err == nil {
		high, err = strconv.ParseUint(string(to), 10, 32)
	}
	return Range{uint32(low), uint32(high)}, err == nil
}

// Append appends to s what is in a set as go-imap's client writes it: its
// ranges rise. As in that client, "n:*" has all numbers from n on, and "*" and "$" have
// none, as what they stand for is not known.
func Append(s Set, text []byte) Set {
	for part := range bytes.SplitSeq(text, []byte(",")) {
		if r, ok := ParseRange(part); ok {
			s = append(s, r)
		}
	}
	return s
}

// find returns the index of the first range that does not end below n.
func (s Set) find(n uint32) int {
	if last := len(s) - 1; last >= 0 && s[last].Low <= n { // numbers mostly rise
		if s[last].High >= n {
			return last
		}
		return len(s)
	}
	return sort.Search(len(s), func(i int) bool { return s[i].High >= n })
}

// Contains reports whether a number is in the set.
func (s Set) Contains(n uint32) bool {
	i := s.find(n)
	return i < len(s) && s[i].Low <= n
}

// Add adds a number that is not in the set, and returns how many ranges had to be
// moved for it.
func (s *Set) Add(n uint32) (moved int) {
	set := *s
	i := set.find(n)
	below := i > 0 && set[i-1].High == n-1
	above := i < len(set) && set[i].Low == n+1
	switch {
	case below && above:
		set[i-1].High = set[i].High
		*s = append(set[:i], set[i+1:]...)
		return len(set) - i
	case below:
		set[i-1].High = n
	case above:
		set[i].Low = n
	default:
		*s = append(set, Range{})
		copy((*s)[i+1:], set[i:])
		(*s)[i] = Range{n, n}
		return len(set) - i
	}
	return 0
}

// Normal returns the set with its ranges in order, and joined where they touch.
func (s Set) Normal() Set {
	slices.SortFunc(s, func(a, b Range) int { return cmp.Compare(a.Low, b.Low) })
	joined := s[:0]
	for _, r := range s {
		last := len(joined) - 1
		if last >= 0 && uint64(r.Low) <= uint64(joined[last].High)+1 {
			joined[last].High = max(joined[last].High, r.High)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// Cut takes the numbers up to high from the set, but no more than n, and no more ranges than
// most.
func (s *Set) Cut(high uint32, n int64, most int) (taken Set) {
	for set := *s; len(set) > 0 && n > 0 && set[0].Low <= high && len(taken) < most; set = *s {
		r := &set[0]
		last := min(r.High, high)
		if int64(last-r.Low) >= n {
			last = r.Low + uint32(n) - 1
		}
		taken = append(taken, Range{Low: r.Low, High: last})
		n -= int64(last-r.Low) + 1
		if last == r.High {
			*s = set[1:]
		} else {
			r.Low = last + 1
		}
	}
	return taken
}

// Count returns how many numbers are in a set.
func (s Set) Count() (n uint64) {
	for _, r := range s {
		n += uint64(r.High-r.Low) + 1
	}
	return n
}

// AppendText appends the set as it stands in a command. "*" is what a range up to the
// greatest number ends with.
func (s Set) AppendText(b []byte) []byte {
	for i, r := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(r.Low), 10)
		if r.High == math.MaxUint32 {
			b = append(b, ":*"...)
		} else if r.High > r.Low {
			b = strconv.AppendUint(append(b, ':'), uint64(r.High), 10)
		}
	}
	return b
}
