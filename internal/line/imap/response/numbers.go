package response

import (
	"bytes"
	"slices"
	"strconv"
)

// Numbers reads the list of a SEARCH or a SORT, of which only the numbers are held,
// and writes it anew (RFC 3501 §7.2.5, RFC 5256 §4).
type Numbers struct {
	Limits
	// Odd counts the words that are no numbers; Example is the first of them.
	Odd     int
	Example string

	name     string
	list     []uint32
	modSeq   uint64
	expects  bool   // the next word is that of MODSEQ
	word     []byte // not yet complete
	rendered int    // numbers that were written
	begun    bool   // the name was written
}

// NewNumbers begins a list. head is how its response begins.
func NewNumbers(l Limits, head Head) *Numbers {
	n := &Numbers{Limits: l, name: "SEARCH"}
	if head.Kind == Sort {
		n.name = "SORT"
	}
	return n
}

// Read reads what of b belongs to the list, and reports whether its line has ended.
func (n *Numbers) Read(b []byte) (used int, ended bool, err error) {
	for i, c := range b {
		switch c {
		case ' ', '\t', '(', ')', '\r', '\n':
			if err := n.take(); err != nil {
				return i, false, err
			}
			if c == '\n' {
				return i + 1, true, nil
			}
		default:
			if len(n.word) < 40 {
				n.word = append(n.word, c)
			}
		}
	}
	return len(b), false, nil
}

// take takes the word that has ended, if there is one.
func (n *Numbers) take() error {
	word := n.word
	n.word = n.word[:0]
	switch v, ok := number(word, maxNumber64); {
	case len(word) == 0:
	case n.expects:
		n.modSeq, n.expects = v, false
	case len(n.list)+n.Odd == n.Set:
		return exceeded("%s of more than %d numbers", n.name, n.Set)
	case ok && v > 0 && v <= maxNumber:
		n.list = append(n.list, uint32(v))
	case bytes.EqualFold(word, []byte("MODSEQ")):
		n.expects = true
	default:
		if n.Odd++; n.Odd == 1 {
			n.Example = string(word)
		}
	}
	return nil
}

// End ends the reading. A SEARCH is sorted, as building a set of numbers that fall
// takes the client the square of their number; the order of a SEARCH means nothing.
func (n *Numbers) End() {
	if n.name == "SEARCH" {
		slices.Sort(n.list)
		n.list = slices.Compact(n.list)
	}
}

// Append appends to b as much of the response as fits into its capacity, and at least
// a number, and reports whether that was the rest. The client reads a MODSEQ in a
// SEARCH that has found something.
func (n *Numbers) Append(b []byte) (_ []byte, ended bool) {
	if !n.begun {
		b, n.begun = append(append(b, "* "...), n.name...), true
	}
	const room = len(" 4294967295")
	for first := true; n.rendered < len(n.list) && (first || cap(b)-len(b) >= room); first = false {
		b = strconv.AppendUint(append(b, ' '), uint64(n.list[n.rendered]), 10)
		n.rendered++
	}
	if n.rendered < len(n.list) || cap(b)-len(b) < 40 && len(b) > 0 {
		return b, false
	}
	if n.modSeq > 0 && n.name == "SEARCH" && len(n.list) > 0 {
		b = append(strconv.AppendUint(append(b, " (MODSEQ "...), n.modSeq, 10), ')')
	}
	return append(b, "\r\n"...), true
}
