package message

import (
	"bytes"

	"github.com/emersion/go-imap/v2"
)

// flags reads a list of flags.
func (r *Reader) flags() ([]imap.Flag, bool) {
	if !r.enter() {
		return nil, false
	}
	flags := make([]imap.Flag, 0, 4)
	for first := true; r.peek() != ')'; first = false {
		if !first && !r.is(' ') {
			return nil, false
		}
		f, ok := r.flag()
		if !ok {
			return nil, false
		}
		flags = append(flags, f)
	}
	return flags, r.leave()
}

func (r *Reader) flag() (imap.Flag, bool) {
	start := r.i
	if r.is('\\') && r.is('*') {
		return imap.FlagWildcard, r.value()
	}
	_, ok := r.atom()
	return canonical(r.b[start:r.i]), ok
}

// canonical returns a flag as the standards write it: letters' case does not matter
// (RFC 9051 §2.3.2).
func canonical(name []byte) imap.Flag {
	for _, known := range [...]imap.Flag{
		imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft, `\Recent`,
		imap.FlagForwarded, imap.FlagMDNSent, imap.FlagJunk, imap.FlagNotJunk, imap.FlagPhishing, imap.FlagImportant,
	} {
		if len(known) == len(name) && bytes.EqualFold(name, []byte(known)) {
			return known
		}
	}
	return imap.Flag(name)
}
