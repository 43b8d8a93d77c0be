package imapwatch

import (
	"cmp"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// The sets of this package have their ranges in order, apart from each other, and without
// "*". They are never changed: what looks like a change returns a new one.

// normal returns a set in this form. What a server's set has beyond numbers is left out.
func normal(s imap.UIDSet) imap.UIDSet {
	sorted := make(imap.UIDSet, 0, len(s))
	for _, r := range s {
		if r.Start > 0 && r.Stop > 0 {
			sorted = append(sorted, imap.UIDRange{Start: min(r.Start, r.Stop), Stop: max(r.Start, r.Stop)})
		}
	}
	slices.SortFunc(sorted, func(a, b imap.UIDRange) int { return cmp.Compare(a.Start, b.Start) })
	joined := sorted[:0]
	for _, r := range sorted {
		last := len(joined) - 1
		if last >= 0 && uint64(r.Start) <= uint64(joined[last].Stop)+1 {
			joined[last].Stop = max(joined[last].Stop, r.Stop)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// union returns what is in a or b.
func union(a, b imap.UIDSet) imap.UIDSet { return normal(slices.Concat(a, b)) }

// minus returns what is in a and not in b.
func minus(a, b imap.UIDSet) imap.UIDSet {
	var left imap.UIDSet
	for _, r := range a {
		for len(b) > 0 && b[0].Stop < r.Start {
			b = b[1:]
		}
		start, over := r.Start, false
		for _, hole := range b {
			if hole.Start > r.Stop {
				break
			}
			if hole.Start > start {
				left = append(left, imap.UIDRange{Start: start, Stop: hole.Start - 1})
			}
			if over = hole.Stop >= r.Stop; over {
				break
			}
			start = hole.Stop + 1
		}
		if !over {
			left = append(left, imap.UIDRange{Start: start, Stop: r.Stop})
		}
	}
	return left
}

// common returns what is in both a and b.
func common(a, b imap.UIDSet) imap.UIDSet { return minus(a, minus(a, b)) }

// one returns the set of one UID.
func one(uid imap.UID) imap.UIDSet { return imap.UIDSet{{Start: uid, Stop: uid}} }

// count returns how many UIDs there are in a set.
func count(s imap.UIDSet) (n uint64) {
	for _, r := range s {
		n += uint64(r.Stop-r.Start) + 1
	}
	return n
}

// nth returns the UID of the message with a sequence number, and 0 if there are not so
// many.
func nth(s imap.UIDSet, number uint32) imap.UID {
	left := uint64(number)
	for _, r := range s {
		n := uint64(r.Stop-r.Start) + 1
		if 0 < left && left <= n {
			return r.Start + imap.UID(left-1)
		}
		left -= min(n, left)
	}
	return 0
}

// windows returns ranges that have at most n of the UIDs each, and all of them together.
func windows(s imap.UIDSet, n uint64) (all imap.UIDSet) {
	start := imap.UID(1)
	for number, messages := n, count(s); number < messages; number += n {
		stop := nth(s, uint32(number))
		all = append(all, imap.UIDRange{Start: start, Stop: stop})
		start = stop + 1
	}
	return append(all, imap.UIDRange{Start: start, Stop: last(s)})
}

// last returns the greatest UID, 0 if there is none.
func last(s imap.UIDSet) imap.UID {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].Stop
}
