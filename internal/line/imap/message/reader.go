package message

import (
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// Fetch is what a FETCH response says of a message. What did not come is zero.
type Fetch struct {
	SeqNum        uint32
	UID           imap.UID
	Flags         []imap.Flag
	Envelope      *imap.Envelope
	BodyStructure imap.BodyStructure
	InternalDate  time.Time
	Size          int64 // -1: it did not come
	ModSeq        uint64
	Sections      []Section
	Raw           []Raw
}

// Asked reports whether f has an item that a server sends only if it was asked for, of those
// that have a field.
func (f *Fetch) Asked() bool {
	return f.Size >= 0 || len(f.Sections) > 0 || f.Envelope != nil || f.BodyStructure != nil || !f.InternalDate.IsZero() || len(f.Raw) > 0
}

// Section is a part of a message's content.
type Section struct {
	Name    []byte // as the server writes it: BODY[1.MIME]<0>
	Content []byte // in the buffer that was read; nil if there is no such part
}

// Raw is an item that go-imap has no type for, as the server writes it.
type Raw struct{ Name, Value string }

// A Reader reads FETCH responses. It may be used again, by one goroutine at a time.
type Reader struct {
	cursor
	words *mime.WordDecoder
	plain mime.WordDecoder // words, unless the program has its own
}

// NewReader returns a Reader that decodes encoded words with words; nil stands for a
// decoder of the zero value.
func NewReader(limits response.Limits, words *mime.WordDecoder) *Reader {
	r := &Reader{cursor: cursor{limits: limits}, words: words}
	if words == nil {
		r.words = &r.plain
	}
	return r
}

var errSyntax = errors.New("not as RFC 9051 §7.5.2 has it")

// Read reads a FETCH, whose head is h, from b into f. b ends with the end of the
// response.
func (r *Reader) Read(b []byte, h response.Head, f *Fetch) error {
	*f = Fetch{SeqNum: h.Number, Size: -1, Sections: f.Sections[:0], Raw: f.Raw[:0]}
	r.cursor = cursor{limits: r.limits, b: b, i: h.Args}
	if !r.is('(') {
		return errSyntax
	}
	for first := true; !r.is(')'); first = false {
		if !first && !r.is(' ') {
			return errSyntax
		}
		if err := r.item(f); err != nil {
			return err
		}
	}
	if string(r.b[r.i:]) != "\r\n" {
		return errSyntax
	}
	return nil
}

// item reads an item (msg-att in RFC 9051's grammar).
func (r *Reader) item(f *Fetch) error {
	start := r.i
	for r.i < len(r.b) && r.b[r.i] != ' ' && r.b[r.i] != '[' && r.b[r.i] != ')' {
		r.i++
	}
	name := r.b[start:r.i]
	ok := false
	if r.peek() == '[' {
		ok = r.section() && r.is(' ') && r.sectionItem(f, r.b[start:r.i-1], name)
	} else {
		ok = r.is(' ') && r.named(f, name)
	}
	if !ok {
		return fmt.Errorf("%s: %w", strings.ToUpper(string(name[:min(len(name), 40)])), errSyntax)
	}
	return nil
}

// named reads an item that has no section.
func (r *Reader) named(f *Fetch, name []byte) (ok bool) {
	var n uint64
	switch strings.ToUpper(string(name)) {
	case "UID":
		n, ok = r.number(maxNumber)
		f.UID = imap.UID(n)
		ok = ok && n > 0
	case "FLAGS":
		f.Flags, ok = r.flags()
	case "MODSEQ": // RFC 7162 §3.1.4.1
		ok = r.is('(')
		if ok {
			f.ModSeq, ok = r.number(maxNumber64)
		}
		ok = ok && r.is(')')
	case "RFC822.SIZE":
		n, ok = r.number(maxNumber64)
		f.Size = int64(n)
	case "INTERNALDATE":
		f.InternalDate, ok = r.date()
	case "ENVELOPE":
		if ok = f.Envelope == nil && r.share(); ok {
			f.Envelope, ok = r.envelope()
		}
	case "BODYSTRUCTURE", "BODY":
		if ok = f.BodyStructure == nil && r.share(); ok {
			f.BodyStructure, ok = r.body()
		}
	default:
		ok = r.raw(f, name)
	}
	return ok
}

// raw reads an item of which only the name is known to the caller.
func (r *Reader) raw(f *Fetch, name []byte) bool {
	start := r.i
	if len(name) == 0 || !r.skip() {
		return false
	}
	f.Raw = append(f.Raw, Raw{Name: strings.ToUpper(string(name)), Value: string(r.b[start:r.i])})
	return true
}

// section passes over a section in its brackets, and an origin after it.
func (r *Reader) section() bool {
	for !r.is(']') {
		switch c := r.peek(); {
		case c == '(': // the names of header fields
			if !r.skipList() {
				return false
			}
		case c < ' ':
			return false
		default:
			r.i++
		}
	}
	if !r.is('<') {
		return true
	}
	_, ok := r.number(maxNumber)
	return ok && r.is('>')
}

// sectionItem reads an item with a section; label is its name with the section.
func (r *Reader) sectionItem(f *Fetch, label, name []byte) bool {
	switch strings.ToUpper(string(name)) {
	case "BODY", "BINARY":
		return r.content(f, label)
	}
	return r.raw(f, label)
}

// content reads a body: a string, or NIL.
func (r *Reader) content(f *Fetch, label []byte) bool {
	s := Section{Name: label}
	defer func() { f.Sections = append(f.Sections, s) }()
	if r.null() {
		return true
	}
	from, to, escaped, ok := r.span()
	if s.Content = r.b[from:to]; escaped {
		s.Content = []byte(unescape(s.Content))
	}
	return ok
}

// date reads a date as INTERNALDATE has it (RFC 9051 §9, date-time).
func (r *Reader) date() (time.Time, bool) {
	from, to, _, ok := r.span()
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse("_2-Jan-2006 15:04:05 -0700", string(r.b[from:to]))
	return t, err == nil && !t.IsZero()
}
