package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

const (
	maxPiece  = 64 << 10  // how many bytes of a section are asked for at once
	maxOffset = 1<<32 - 1 // in a section (RFC 9051 §9, partial)
)

// section is a section that is asked for.
type section struct {
	spec   string // as it stands in the brackets
	from   int64  // where the content begins that the program wants
	length int64  // of it; -1: all
}

// piece returns the item that asks for part of the section.
func (s section) piece(offset, length int64) string {
	return fmt.Sprintf("BODY.PEEK[%s]<%d.%d>", s.spec, offset, length)
}

// left returns how much of a section to ask for at once.
func (s section) left(offset, most int64) int64 {
	if s.length < 0 {
		return most
	}
	return min(most, s.length-offset)
}

var (
	errBatch   = errors.New("imapconn: FetchOptions.Batch is negative")
	errUIDs    = errors.New("imapconn: the UID set has 0 in it, or stands for the result of a search that the server has saved ($)")
	errSection = errors.New("imapconn: a section in FetchOptions.Sections is nil, or has a Specifier, a Part, a field or a Partial that IMAP does not have")
)

// metadata returns the items that are asked for of every message but its content.
// condstore says that the server knows MODSEQ.
func (o *Options) metadata(condstore bool) (string, error) {
	items := "UID RFC822.SIZE FLAGS"
	for _, item := range []struct {
		wanted bool
		name   string
	}{{o.Envelope, "ENVELOPE"}, {o.BodyStructure, "BODYSTRUCTURE"}, {o.InternalDate, "INTERNALDATE"}, {o.ModSeq, "MODSEQ"}} {
		if item.wanted {
			items += " " + item.name
		}
	}
	if o.ModSeq && !condstore {
		return "", errors.New("imapconn: ModSeq was asked for, and the server does not list CONDSTORE")
	}
	for _, name := range o.Raw {
		if name == "" || strings.Trim(strings.ToUpper(name), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]<>") != "" {
			return "", fmt.Errorf("imapconn: %q in FetchOptions.Raw is not the name of an item", name)
		}
		items += " " + strings.ToUpper(name)
	}
	return items, nil
}

// sections returns the sections that are asked for.
func (o *Options) sections() (all []section, err error) {
	switch {
	case o.NoBody && len(o.Sections) > 0:
		return nil, errors.New("imapconn: FetchOptions has both Sections and NoBody")
	case o.NoBody:
		return nil, nil
	case len(o.Sections) == 0:
		return []section{{length: -1}}, nil
	}
	for _, s := range o.Sections {
		next, err := newSection(s)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other section) bool { return strings.EqualFold(other.spec, next.spec) }) {
			return nil, errors.New("imapconn: a section is in FetchOptions.Sections twice")
		}
		all = append(all, next)
	}
	return all, nil
}

// newSection returns a section that can be sent (RFC 9051 §6.4.5).
func newSection(s *imap.FetchItemBodySection) (section, error) {
	if s == nil || !isSpecifier(s.Specifier, len(s.Part) > 0) || slices.ContainsFunc(s.Part, func(n int) bool { return n < 1 }) {
		return section{}, errSection
	}
	words := make([]string, 0, len(s.Part)+1)
	for _, n := range s.Part {
		words = append(words, strconv.Itoa(n))
	}
	if s.Specifier != "" {
		words = append(words, string(s.Specifier))
	}
	all := section{spec: strings.Join(words, "."), length: -1}
	if len(s.HeaderFields) > 0 || len(s.HeaderFieldsNot) > 0 {
		names, ok := headerFields(s)
		if !ok {
			return section{}, errSection
		}
		all.spec += names
	}
	if p := s.Partial; p != nil {
		if p.Offset < 0 || p.Size <= 0 || p.Offset > maxOffset-p.Size {
			return section{}, errSection
		}
		all.from, all.length = p.Offset, p.Size
	}
	return all, nil
}

// isSpecifier reports whether a section may end in a word.
func isSpecifier(word imap.PartSpecifier, inPart bool) bool {
	switch word {
	case imap.PartSpecifierNone, imap.PartSpecifierHeader, imap.PartSpecifierText:
		return true
	}
	return word == imap.PartSpecifierMIME && inPart
}

// headerFields returns what stands behind HEADER for some of its fields.
func headerFields(s *imap.FetchItemBodySection) (names string, ok bool) {
	fields, names := s.HeaderFields, ".FIELDS"
	if len(fields) == 0 {
		fields, names = s.HeaderFieldsNot, ".FIELDS.NOT"
	} else if len(s.HeaderFieldsNot) > 0 {
		return "", false
	}
	ok = s.Specifier == imap.PartSpecifierHeader && !slices.ContainsFunc(fields, isNoField)
	return names + " (" + strings.Join(fields, " ") + ")", ok
}

// isNoField reports whether a name is not that of a header field that can be sent as an
// atom.
func isNoField(name string) bool {
	return name == "" || strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`(){%*"\]:`, c)
	})
}

// match returns which of the sections a server's item is, and where its content begins;
// -1 if it does not say so, as it is the whole of it.
func match(all []section, label []byte) (index int, offset int64) {
	name, origin, partial := bytes.Cut(label, []byte("<"))
	if offset = -1; partial {
		offset, _ = strconv.ParseInt(string(bytes.TrimSuffix(origin, []byte(">"))), 10, 64)
	}
	if len(all) == 1 {
		return 0, offset
	}
	spec := bytes.TrimSuffix(name[bytes.IndexByte(name, '[')+1:], []byte("]"))
	spec = bytes.ReplaceAll(spec, []byte(`"`), nil)
	for i, w := range all {
		if bytes.EqualFold(bytes.Join(bytes.Fields(spec), []byte(" ")), []byte(w.spec)) {
			return i, offset
		}
	}
	return -1, offset
}

var (
	ErrPassed   = errors.New("imapconn: the loop has gone on to another message")
	ErrVanished = errors.New("imapconn: the message has vanished while it was read")
	ErrShort    = errors.New("imapconn: the server has left out something that was asked for")
)
