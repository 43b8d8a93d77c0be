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
	// Odd counts the words that are no numbers of messages; Example is the first of them.
	// Lost is set if one is not 0, which stands for no message.
	Odd     int
	Example string
	Lost    bool

	kind     Kind
	skip     int // bytes of the response's head
	list     []uint32
	modSeq   uint64
	expects  bool   // the next word is that of MODSEQ
	word     []byte // not yet complete
	rendered int    // numbers that were written
	begun    bool   // the name was written
	ended    bool   // the line has ended
}

// NewNumbers begins a list. head is how its response begins, which is what Read reads
// first.
func NewNumbers(l Limits, head Head) *Numbers {
	return &Numbers{Limits: l, kind: head.Kind, skip: head.Args}
}

// Kind returns the kind of the response: Search or Sort.
func (n *Numbers) Kind() Kind { return n.kind }

// Ended reports whether the end of the list was read.
func (n *Numbers) Ended() bool { return n.ended }

// Read reads what of b belongs to the list. At the end of the line a SEARCH is sorted, as
// building a set of numbers that fall takes the client the square of their number; the
// order of a SEARCH means nothing.
func (n *Numbers) Read(b []byte) (used int, err error) {
	used = min(n.skip, len(b))
	n.skip -= used
	for ; used < len(b) && !n.ended; used++ {
		switch c := b[used]; c {
		case ' ', '\t', '(', ')', '\r', '\n':
			if err := n.take(); err != nil {
				return used, err
			}
			n.ended = c == '\n'
		default:
			if len(n.word) < 40 {
				n.word = append(n.word, c)
			}
		}
	}
	if n.ended && n.kind == Search {
		slices.Sort(n.list)
		n.list = slices.Compact(n.list)
	}
	return used, nil
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
		return exceeded("%s of more than %d numbers", n.kind.Word(), n.Set)
	case ok && v > 0 && v <= maxNumber:
		n.list = append(n.list, uint32(v))
	case bytes.EqualFold(word, []byte("MODSEQ")):
		n.expects = true
	default:
		n.Lost = n.Lost || len(bytes.Trim(word, "0")) > 0
		if n.Odd++; n.Odd == 1 {
			n.Example = string(word)
		}
	}
	return nil
}

// Append appends to b as much of the response as fits into its capacity, and at least
// a number, and reports whether that was the rest. The client reads a MODSEQ in a
// SEARCH that has found something.
func (n *Numbers) Append(b []byte) (_ []byte, ended bool) {
	if !n.begun {
		b, n.begun = append(append(b, "* "...), n.kind.Word()...), true
	}
	const room = len(" 4294967295")
	for first := true; n.rendered < len(n.list) && (first || cap(b)-len(b) >= room); first = false {
		b = strconv.AppendUint(append(b, ' '), uint64(n.list[n.rendered]), 10)
		n.rendered++
	}
	if n.rendered < len(n.list) || cap(b)-len(b) < 40 && len(b) > 0 {
		return b, false
	}
	if n.modSeq > 0 && n.kind == Search && len(n.list) > 0 {
		b = append(strconv.AppendUint(append(b, " (MODSEQ "...), n.modSeq, 10), ')')
	}
	return append(b, "\r\n"...), true
}
