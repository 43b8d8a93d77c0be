package imapwatch

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Position is how far a program is in a mailbox: which messages it has. The zero Position
// is that of a mailbox that was never looked at.
//
// Its text is a line of printable ASCII. It is short if the UIDs of the mailbox have few
// gaps, and has about three bytes for each gap.
type Position struct {
	begun    bool
	validity uint32      // UIDVALIDITY
	modSeq   uint64      // up to which changes of flags were told; 0 if it is not known
	uids     imap.UIDSet // of the messages that the program has, or that were skipped
}

// IsZero reports whether the mailbox was never looked at.
func (p Position) IsZero() bool { return !p.begun }

// MarshalText returns the text of the position, which is empty for the zero Position.
func (p Position) MarshalText() ([]byte, error) {
	if !p.begun {
		return []byte{}, nil
	}
	b := strconv.AppendUint(nil, uint64(p.validity), 10)
	b = strconv.AppendUint(append(b, ' '), p.modSeq, 10)
	sep, last := byte(' '), imap.UID(0)
	for _, r := range p.uids { // each as its distance from the one before, and how many more there are
		b = strconv.AppendUint(append(b, sep), uint64(r.Start-last), 10)
		if r.Stop > r.Start {
			b = strconv.AppendUint(append(b, '+'), uint64(r.Stop-r.Start), 10)
		}
		sep, last = ',', r.Stop
	}
	return b, nil
}

var errPosition = errors.New("imapwatch: the text of a position cannot be read")

// UnmarshalText reads the text of a position.
func (p *Position) UnmarshalText(text []byte) error {
	*p = Position{}
	words := strings.Fields(string(text))
	if len(words) == 0 {
		return nil
	}
	if len(words) > 3 || len(words) < 2 {
		return errPosition
	}
	validity, err := strconv.ParseUint(words[0], 10, 32)
	modSeq, err2 := strconv.ParseUint(words[1], 10, 64)
	if err != nil || err2 != nil {
		return errPosition
	}
	var uids imap.UIDSet
	if len(words) == 3 {
		if uids, err = parseSet(words[2]); err != nil {
			return err
		}
	}
	*p = Position{begun: true, validity: uint32(validity), modSeq: modSeq, uids: uids}
	return nil
}

// parseSet reads the set in the text of a position.
func parseSet(text string) (s imap.UIDSet, err error) {
	last := uint64(0)
	for word := range strings.SplitSeq(text, ",") {
		distance, more, many := strings.Cut(word, "+")
		d, err := strconv.ParseUint(distance, 10, 32)
		n := uint64(0)
		if err == nil && many {
			n, err = strconv.ParseUint(more, 10, 32)
		}
		start, stop := last+d, last+d+n
		if err != nil || d == 0 || stop > math.MaxUint32 {
			return nil, errPosition
		}
		s = append(s, imap.UIDRange{Start: imap.UID(start), Stop: imap.UID(stop)})
		last = stop
	}
	return s, nil
}

// Without returns the position of a program that does not have these messages: they are
// told as new.
func (p Position) Without(uids imap.UIDSet) Position {
	p.uids = minus(p.uids, normal(uids))
	return p
}

// with returns the position of a program that also has these messages.
func (p Position) with(uids imap.UIDSet) Position {
	p.uids = union(p.uids, uids)
	return p
}

// equal reports whether two positions are the same.
func (p Position) equal(q Position) bool {
	return p.begun == q.begun && p.validity == q.validity && p.modSeq == q.modSeq && slices.Equal(p.uids, q.uids)
}
